import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { firstTokenFile } from '#access/first-token.ts';
import { LocalError, UsageError } from '#cli/exit-codes.ts';
import { readNodeConfig } from '#config/node-config.ts';
import { readClusterSecret } from '#config/node-secrets.ts';
import { machineSide } from '../machine-side.ts';
import { planMachines } from './machine-plan.ts';
import { prepareMachines } from './prepare.ts';

const three = ['a=10.0.0.1', 'b=10.0.0.2', 'c=10.0.0.3'];

async function prepared(context: TestContext) {
  const root = await mkdtemp(join(tmpdir(), 'dftfs-prepare-'));
  context.after(() => rm(root, { recursive: true }));
  const folder = join(root, 'cluster');
  const prepare = (machines: readonly string[], nodes?: number, renew = false) =>
    prepareMachines({ folder, machines, nodes, renew, newEra: false });
  const beginEra = () =>
    prepareMachines({ folder, machines: [], nodes: undefined, renew: false, newEra: true });
  const at = (...parts: string[]) => join(folder, 'machines', ...parts);
  const certificateAt = async (...parts: string[]) =>
    new X509Certificate(await readFile(at(...parts, 'tls.crt')));
  return { folder, prepare, beginEra, at, certificateAt };
}

async function settingsAt(file: string): Promise<Record<string, string>> {
  const lines = (await readFile(file, 'utf8')).split('\n').filter(Boolean);
  return Object.fromEntries(lines.map((line) => line.split(/=(.*)/s).slice(0, 2)));
}

test('each machine gets what its node and etcd accept, and nothing that makes certificates', async (context) => {
  const { folder, prepare, at, certificateAt } = await prepared(context);
  const { machines } = await prepare(three);
  assert.deepEqual(machines[1]?.nodes, ['b-1', 'b-2']);
  assert.deepEqual(machines[1]?.endpoints, ['https://10.0.0.2:8080', 'https://10.0.0.2:8081']);
  for (const { name, nodes } of machines) {
    for (const node of nodes) {
      const file = at(name, node, 'config.json');
      assert.deepEqual(await machineSide.checkNode(file), { id: node });
      const config = readNodeConfig(file, {});
      assert.deepEqual([config.node.zone, config.cluster.tokens], [name, true]);
      assert.equal(config.cluster.etcdEndpoints.length, 3);
      const certificate = await certificateAt(name, node);
      assert.ok(certificate.checkHost(`${node}.node.dftfs`));
      assert.ok(certificate.checkIP(config.node.host));
      assert.equal((await stat(at(name, node, 'tls.key'))).mode & 0o777, 0o600);
    }
    assert.ok((await certificateAt(name, 'etcd')).checkHost('etcd.dftfs'));
    await assert.rejects(stat(at(name, 'tls/ca.key')), { code: 'ENOENT' });
  }
  const settings = await settingsAt(at('b', 'etcd/etcd.env'));
  assert.equal(settings.ETCD_LISTEN_CLIENT_URLS, 'https://10.0.0.2:2379');
  assert.match(settings.ETCD_INITIAL_CLUSTER ?? '', /^etcd-a=https:\/\/10\.0\.0\.1:2380,etcd-b=/);
  const token = await readFile(join(folder, 'admin-token'), 'utf8');
  assert.equal(token, firstTokenFile(readClusterSecret(join(folder, 'machines/c/secret')), 0));
});

test('the same again writes nothing; more machines and nodes are added to what is there', async (context) => {
  const { prepare, at } = await prepared(context);
  await prepare(three);
  const file = at('a', 'a-1', 'config.json');
  const mine = (await readFile(file, 'utf8')).replace('"zone": "a"', '"zone": "row-1"');
  await writeFile(file, mine);
  const again = await prepare([]);
  assert.deepEqual(
    again.machines.map(({ written }) => written),
    [0, 0, 0],
  );
  const grown = await prepare(['d=10.0.0.4'], 3);
  const { machines } = grown;
  assert.deepEqual(
    machines.map(({ name, etcd, nodes }) => [name, etcd, nodes.length]),
    [
      ['a', true, 3],
      ['b', true, 3],
      ['c', true, 3],
      ['d', false, 3],
    ],
  );
  assert.equal(await readFile(file, 'utf8'), mine);
  const config = readNodeConfig(at('d', 'd-3', 'config.json'), {});
  assert.deepEqual([config.node.rpcPort, config.node.httpPort], [7082, 8082]);
  assert.equal(config.cluster.etcdEndpoints.length, 3);
});

test('for names that are restored all settings are of a new era, and keep what was changed', async (context) => {
  const { prepare, beginEra, at } = await prepared(context);
  await assert.rejects(beginEra(), UsageError);
  await prepare(three);
  const before = await settingsAt(at('b', 'etcd/etcd.env'));
  const file = at('a', 'a-1', 'config.json');
  const mine = (await readFile(file, 'utf8')).replace('"zone": "a"', '"zone": "row-1"');
  await writeFile(file, mine);
  for (const era of [1, 2]) {
    const { machines } = await beginEra();
    assert.deepEqual(
      machines.map(({ written }) => written),
      [3, 3, 3],
    );
    for (const node of ['a/a-1', 'b/b-2']) {
      assert.equal(readNodeConfig(at(node, 'config.json'), {}).cluster.era, era);
    }
    assert.equal(readNodeConfig(file, {}).node.zone, 'row-1');
    const { ETCD_INITIAL_CLUSTER_TOKEN: token, ...others } = before;
    const expected = { ...others, ETCD_INITIAL_CLUSTER_TOKEN: `${token}-${era}` };
    assert.deepEqual(await settingsAt(at('b', 'etcd/etcd.env')), expected);
  }
  // Whoever is added later is of the same era.
  await prepare(['d=10.0.0.4']);
  assert.equal(readNodeConfig(at('d', 'd-1', 'config.json'), {}).cluster.era, 2);
  assert.deepEqual((await prepare([])).machines[0]?.written, 0);
});

test('without the authority’s key, which may lie elsewhere, only what is missing stands still', async (context) => {
  const { folder, prepare } = await prepared(context);
  await prepare(three);
  await rm(join(folder, 'tls/ca.key'));
  assert.equal((await prepare([])).machines.length, 3);
  const options = {
    folder,
    machines: ['d=10.0.0.4'],
    nodes: undefined,
    renew: false,
    newEra: false,
  };
  const isTold = (error: unknown) =>
    error instanceof LocalError && /bring it back/.test(error.message);
  await assert.rejects(machineSide.prepare(options), isTold);
});

test('certificates are renewed by the same authority', async (context) => {
  const { prepare, certificateAt, at } = await prepared(context);
  await prepare(three);
  const before = await certificateAt('a', 'a-1');
  await prepare([], undefined, true);
  const after = await certificateAt('a', 'a-1');
  assert.notEqual(after.serialNumber, before.serialNumber);
  const authority = new X509Certificate(await readFile(at('a', 'tls/ca.crt')));
  assert.ok(before.verify(authority.publicKey) && after.verify(authority.publicKey));
});

test('who is known by name listens everywhere, and is known by that name', async (context) => {
  const { prepare, at, certificateAt } = await prepared(context);
  await prepare(['a=a.example.org']);
  const { node } = readNodeConfig(at('a', 'a-1', 'config.json'), {});
  assert.deepEqual([node.host, node.advertisedHost], ['0.0.0.0', 'a.example.org']);
  assert.ok((await certificateAt('a', 'a-1')).checkHost('a.example.org'));
  const settings = await settingsAt(at('a', 'etcd/etcd.env'));
  assert.equal(settings.ETCD_LISTEN_PEER_URLS, 'https://0.0.0.0:2380');
  assert.equal(settings.ETCD_ADVERTISE_CLIENT_URLS, 'https://a.example.org:2379');
});

test('one, three or five machines run etcd, never an even number', () => {
  const membersOf = (count: number) => {
    const machines = Array.from({ length: count }, (_, nth) => `m${nth}=10.0.0.${nth + 1}`);
    const plan = planMachines(undefined, { machines, nodes: 1 }, () => 'id');
    return plan.machines.filter(({ hasEtcd }) => hasEtcd).length;
  };
  assert.deepEqual([1, 2, 3, 4, 5, 6].map(membersOf), [1, 1, 3, 3, 5, 5]);
});

test('what makes no sense is refused, and so is what would change a machine that is there', async (context) => {
  const { prepare, at } = await prepared(context);
  const refused = (machines: readonly string[], message: RegExp, nodes?: number) =>
    assert.rejects(
      prepare(machines, nodes),
      (error) => error instanceof UsageError && message.test(error.message),
    );
  await refused([], /Name the machines/);
  for (const word of ['a', 'a=', 'A=10.0.0.1', 'a=10.0.0.1:80', 'a=::1', 'a=x y']) {
    await refused([word], /is no machine/);
  }
  await refused(['a=10.0.0.1', 'a=10.0.0.2'], /a is given twice/);
  await refused(['a=10.0.0.1', 'b=10.0.0.1'], /is given to two machines/);
  await prepare(three);
  await refused(['a=10.0.0.9'], /a is at 10\.0\.0\.1 in this cluster/);
  await refused([], /drain and remove/, 1);
  const file = at('a', 'a-1', 'config.json');
  await chmod(at('a', 'a-1', 'tls.key'), 0o644);
  await assert.rejects(machineSide.checkNode(file), /can be read by others/);
});

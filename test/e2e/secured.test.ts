/**
 * A cluster with TLS and tokens, as its people meet it, and as strangers do: at the doors of nodes,
 * between nodes, and at etcd. Certificates are exchanged while it runs.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { type Socket, connect as tcpConnect } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { type ConnectionOptions, connect as tlsConnect } from 'node:tls';
import {
  adminTokenPath,
  authorityPaths,
  certificatePaths,
  logPath,
  operatorPaths,
  processFolder,
  readManifest,
} from '#app/local/manifest.ts';
import { projectFolder } from '#app/local/project.ts';
import { Cluster, Storage, StorageError } from '#client/index.ts';
import { ended } from '../support/cluster-state.ts';
import { type LocalCluster, withLocalCluster } from '../support/local-cluster.ts';
import { until } from '../support/until.ts';

const environment = { DFTFS_AUDIT_LOG: 'true', DFTFS_LOG_LEVEL: 'debug' };
const shape = { nodes: 3, etcd: 3, words: ['--tls', '--tokens'], environment };

class Secured {
  readonly cluster: LocalCluster;
  readonly ca: string;
  readonly admin: string;
  readonly #open: { close(): void }[] = [];

  constructor(cluster: LocalCluster, ca: string, admin: string) {
    this.cluster = cluster;
    this.ca = ca;
    this.admin = admin;
  }

  static async of(cluster: LocalCluster): Promise<Secured> {
    const { data } = cluster;
    const ca = await readFile(authorityPaths(data).certificate, 'utf8');
    return new Secured(cluster, ca, (await readFile(adminTokenPath(data), 'utf8')).trim());
  }

  get doors(): string[] {
    return [this.cluster.url, ...this.cluster.nodeUrls.values()];
  }

  storage(token: string, doors: readonly string[] = this.doors, triesMax = 8): Storage {
    const made = new Storage(doors, { ca: this.ca, token, triesMax });
    this.#open.push(made);
    return made;
  }

  operator(): Cluster {
    const made = new Cluster(this.doors, { ca: this.ca, token: this.admin });
    this.#open.push(made);
    return made;
  }

  close(): void {
    for (const one of this.#open) one.close();
  }
}

const isStatus = (status: number) => (error: unknown) =>
  error instanceof StorageError && error.status === status;

async function assertTokensCount(secured: Secured): Promise<string> {
  const operator = secured.operator();
  const made = await operator.createToken('reader', ['read,list:/a', 'write:/a/in']);
  await secured.storage(secured.admin).put('/a/file', 'hello');
  for (const door of secured.doors) {
    const reader = secured.storage(made.token, [door]);
    assert.equal((await reader.get('/a/file')).toString(), 'hello', door);
    await assert.rejects(reader.rm('/a/file'), isStatus(403), door);
    await assert.rejects(reader.copy('/a/file', '/b'), isStatus(403), door);
    await assert.rejects(secured.storage('nobody', [door]).get('/a/file'), isStatus(401), door);
  }
  await secured.storage(made.token).put('/a/in/by-reader', 'hello');
  await operator.revokeToken(made.id);
  for (const door of secured.doors) {
    const reader = secured.storage(made.token, [door]);
    await until(`${door} has heard that the token is revoked`, async () => {
      const refused = await reader.exists('/a/file').catch((error: unknown) => error);
      return isStatus(401)(refused) || undefined;
    });
  }
  return made.token;
}

/** What the other side says until it ends. */
async function heard(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on('error', () => {});
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n');
  await new Promise((resolve) => socket.once('close', resolve));
  return Buffer.concat(chunks).toString('latin1');
}

async function shown(data: string, name: 'operator' | string): Promise<ConnectionOptions> {
  const { certificate, key } =
    name === 'operator' ? operatorPaths(data) : certificatePaths(data, name);
  return { cert: await readFile(certificate), key: await readFile(key) };
}

async function assertStrangersEnd({ cluster, ca }: Secured): Promise<void> {
  const { data } = cluster;
  const manifest = await readManifest(data);
  assert.ok(manifest);
  // Whoever may send a signal is no debugger by that.
  cluster.signal('node-3', 'SIGUSR1');
  const host = '127.0.0.1';
  const [node] = manifest.nodes;
  const [member] = manifest.etcd;
  assert.ok(node && member);
  const ports = { node: node.rpcPort, etcd: member.clientPort, peer: member.peerPort };
  for (const [what, port] of Object.entries(ports)) {
    const bare = tlsConnect({ port, host, ca });
    assert.doesNotMatch(await heard(bare), /HTTP/, what);
  }
  assert.equal(await heard(tcpConnect(ports.node, host)), '');
  // Of the cluster, and not a node.
  for (const name of ['operator', 'etcd-1']) {
    const other = tlsConnect({ port: ports.node, host, ca, ...(await shown(data, name)) });
    assert.equal(await heard(other), '', name);
  }
  // A node is no member of etcd.
  const asPeer = tlsConnect({ port: ports.peer, host, ca, ...(await shown(data, 'node-1')) });
  assert.doesNotMatch(await heard(asPeer), /HTTP\/1\.1 200/);
}

async function serialAt(door: string, ca: string): Promise<string> {
  const { hostname: host, port } = new URL(door);
  const socket = tlsConnect({ host, port: Number(port), ca });
  await once(socket, 'secureConnect');
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber;
}

async function assertRenewal(secured: Secured): Promise<void> {
  const { cluster, ca } = secured;
  const nodes = [...cluster.nodeUrls];
  const storage = secured.storage(secured.admin);
  const before = await Promise.all(nodes.map(([, door]) => serialAt(door, ca)));
  assert.deepEqual(await cluster.startAgain(3, '--renew-certificates'), []);
  for (const [name] of nodes) cluster.signal(name, 'SIGHUP');
  for (const [nth, [name, door]] of nodes.entries()) {
    await until(`${name} shows its new certificate`, async () => {
      return (await serialAt(door, ca)) !== before[nth] || undefined;
    });
  }
  await storage.put('/after-renewal', Buffer.alloc(2_000_000, 'x'));
  // One that begins anew has to be let in by those that run on.
  cluster.signal('node-2', 'SIGKILL');
  await ended(cluster, 'node-2');
  await cluster.startAgain();
  await storage.put('/after-restart', Buffer.alloc(2_000_000, 'y'));
  const [own = ''] = [cluster.nodeUrls.get('node-2')];
  assert.equal(
    (await secured.storage(secured.admin, [own]).get('/after-renewal')).length,
    2_000_000,
  );
}

/** In no log of any process, nor in the audit log, which names who did what. */
async function assertNothingTold({ cluster, admin }: Secured, revoked: string): Promise<void> {
  const { data, names } = cluster;
  const texts = await Promise.all(names.map((name) => readFile(logPath(data, name), 'utf8')));
  for (const name of cluster.nodeUrls.keys()) {
    const folder = path.join(processFolder(data, name), 'audit');
    const files = await readdir(folder).catch(() => []);
    for (const file of files) texts.push(await readFile(path.join(folder, file), 'utf8'));
  }
  const all = texts.join('');
  const keys = await Promise.all(
    ['node-1', 'etcd-1'].map((name) => readFile(certificatePaths(data, name).key, 'utf8')),
  );
  const secrets = [admin, revoked].map((token) => token.slice(23));
  for (const secret of [...secrets, ...keys.map((key) => key.split('\n')[1] as string)]) {
    assert.ok(secret.length > 40 && !all.includes(secret));
  }
  assert.ok(!all.includes('Debugger listening'));
  const line = all.split('\n').find((one) => one.includes('"path":"/a/in/by-reader"')) ?? '';
  assert.match(line, /"token":"[0-9a-f]{16}","name":"reader"/);
  const refused = all.split('\n').filter((one) => one.includes('"outcome":"refused"'));
  assert.ok(refused.some((one) => one.includes('"name":"nobody"')));
}

test('with TLS and tokens: those who may come in, strangers, new certificates', async () => {
  await withLocalCluster(async (cluster) => {
    const secured = await Secured.of(cluster);
    try {
      const revoked = await assertTokensCount(secured);
      await assertStrangersEnd(secured);
      await assertRenewal(secured);
      await assertNothingTold(secured, revoked);
    } finally {
      secured.close();
    }
  }, shape);
});

test('a start that would let anybody in says so in one line, and begins nothing', async (context) => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'dftfs-open-'));
  context.after(() => rm(folder, { recursive: true }));
  const data = path.join(folder, 'data');
  const script = path.join(projectFolder, 'start.sh');
  const words = ['--host', '0.0.0.0', '--tls', '--data', data];
  const { code, stdout, stderr } = await new Promise<Record<string, unknown>>((resolve) => {
    execFile(script, words, (error, stdout, stderr) => {
      resolve({ code: error?.code, stdout, stderr });
    });
  });
  assert.deepEqual([code, stdout], [1, '']);
  assert.match(
    String(stderr),
    /^dftfs: 0\.0\.0\.0 can be reached .* set --tokens, or --insecure\n$/,
  );
  assert.ok(!(await readdir(data)).includes('cluster.json'));
});

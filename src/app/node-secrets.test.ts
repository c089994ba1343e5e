import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { nodeConfigOf } from '#config/node-config.ts';
import { createNodeWorld } from '#io/node/world.ts';
import { silentLogger } from '#observe/log.ts';
import { testAuthority, testIdentity } from '../../test/support/test-certificates.ts';
import { openNodeSecrets, securedWorld } from './node-secrets.ts';

const world = createNodeWorld();

async function folderOf(context: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'dftfs-secrets-'));
  context.after(() => rm(folder, { recursive: true }));
  const authority = testAuthority();
  const write = async (name: string) => {
    const { authorities, certificate, key } = testIdentity(authority, 'node-1.node.dftfs');
    await writeFile(join(folder, 'ca.crt'), authorities);
    await writeFile(join(folder, `${name}.crt`), certificate);
    await writeFile(join(folder, `${name}.key`), key, { mode: 0o600 });
  };
  await writeFile(join(folder, 'secret'), 'ab'.repeat(32), { mode: 0o600 });
  await write('tls');
  const open = (cluster: object = { tlsCaFile: 'ca.crt' }, node: object = {}) => {
    const etcdEndpoints = ['http://127.0.0.1:1'];
    const common = { id: 'ab'.repeat(16), etcdEndpoints, secretFile: 'secret' };
    const own = { id: 'node-1', rpcPort: 1, httpPort: 2, ...node };
    const config = nodeConfigOf({ cluster: { ...common, ...cluster }, node: own }, folder);
    return openNodeSecrets(world, config, silentLogger);
  };
  return { folder, write, open };
}

test('without TLS there is the secret, and the world is as it was', async (context) => {
  const { open } = await folderOf(context);
  const secrets = await open({});
  assert.equal(secrets.clusterSecret.length, 32);
  assert.equal(secrets.tls, undefined);
  assert.equal(securedWorld(world, secrets), world);
});

test('with TLS, clients are shown the same certificate, or one of their own', async (context) => {
  const { write, open } = await folderOf(context);
  const one = await open();
  assert.equal(one.tls?.clients, one.tls?.cluster);
  assert.notEqual(securedWorld(world, one).network, world.network);
  await write('https');
  const https = { httpsCertificateFile: 'https.crt', httpsKeyFile: 'https.key' };
  const two = await open({ tlsCaFile: 'ca.crt' }, https);
  assert.notEqual(two.tls?.clients.current.key, two.tls?.cluster.current.key);
});

test('a key that others may read is refused', async (context) => {
  const { folder, write, open } = await folderOf(context);
  await chmod(join(folder, 'tls.key'), 0o640);
  const refused = { code: 'invalid_argument', message: /the key .*tls\.key can be read by others/ };
  await assert.rejects(open(), refused);
  await write('https');
  await chmod(join(folder, 'tls.key'), 0o600);
  await chmod(join(folder, 'https.key'), 0o604);
  const https = { httpsCertificateFile: 'https.crt', httpsKeyFile: 'https.key' };
  await assert.rejects(open({ tlsCaFile: 'ca.crt' }, https), /https\.key can be read by others/);
});

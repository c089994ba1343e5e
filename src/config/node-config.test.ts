import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { isCode } from '#base/errors.ts';
import { readNodeConfig } from './node-config.ts';
import { readClusterSecret } from './node-secrets.ts';

const folder = mkdtempSync(join(tmpdir(), 'dftfs-config-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const file = join(folder, 'config.json');

const cluster = { id: 'ab'.repeat(16), etcdEndpoints: ['http://127.0.0.1:2379'] };
const node = { id: 'node-1', rpcPort: 7001, httpPort: 7002, publicPort: 8080 };

function read(content: unknown, environment: NodeJS.ProcessEnv = {}) {
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return readNodeConfig(file, environment);
}

function refused(content: unknown, message: RegExp, environment: NodeJS.ProcessEnv = {}) {
  assert.throws(
    () => read(content, environment),
    (error) => isCode(error, 'invalid_argument') && message.test((error as Error).message),
  );
}

test('what is not given has its default, paths start at the file, all is frozen', () => {
  const config = read({ cluster, node });
  assert.equal(config.node.id, 'node-1');
  assert.equal(config.node.host, '127.0.0.1');
  assert.equal(config.node.publicFd, null);
  assert.equal(config.node.requireMount, false);
  assert.equal(config.node.dataFolder, folder);
  assert.equal(config.cluster.secretFile, join(folder, '../secret'));
  assert.deepEqual(config.cluster.etcdEndpoints, ['http://127.0.0.1:2379']);
  for (const part of [config, config.cluster, config.node, config.cluster.etcdEndpoints]) {
    assert.ok(Object.isFrozen(part));
  }
});

test('the environment beats the file', () => {
  const config = read(
    { cluster, node },
    {
      DFTFS_RPC_PORT: '9',
      DFTFS_PUBLIC_FD: '3',
      DFTFS_PUBLIC_PORT: '',
      DFTFS_ETCD_ENDPOINTS: 'http://a:1, http://b:2',
      DFTFS_LOG_LEVEL: 'debug',
      DFTFS_REQUIRE_MOUNT: 'true',
      DFTFS_ID: 'ignored',
    },
  );
  assert.equal(config.node.rpcPort, 9);
  assert.equal(config.node.publicFd, 3);
  assert.equal(config.node.publicPort, null);
  assert.deepEqual(config.cluster.etcdEndpoints, ['http://a:1', 'http://b:2']);
  assert.equal(config.node.logLevel, 'debug');
  assert.equal(config.node.requireMount, true);
  assert.equal(config.node.id, 'node-1');
});

test('a slip is refused by name, with what it must be', () => {
  refused(
    { cluster, node: { ...node, rcpPort: 1 } },
    /config\.json: node\.rcpPort is not a setting/,
  );
  refused({ cluster, node: { id: 'node-1', httpPort: 1 } }, /node\.rpcPort is missing/);
  refused({ cluster, node, nodes: {} }, /nodes is not a section/);
  refused(
    { cluster, node: { ...node, rpcPort: 70_000 } },
    /rpcPort must be a whole number .* 65535/,
  );
  refused({ cluster, node: { ...node, rpcPort: 1.5 } }, /node\.rpcPort must be/);
  refused({ cluster, node: { ...node, requireMount: 1 } }, /requireMount must be true or false/);
  refused({ cluster, node: { ...node, id: 'Node 1' } }, /node\.id must be lower case/);
  refused({ cluster: { ...cluster, etcdEndpoints: [] }, node }, /etcdEndpoints must be a list/);
  refused({ cluster: { ...cluster, etcdEndpoints: ['x'] }, node }, /must be http:\/\/host:port/);
  refused({ cluster, node }, /DFTFS_HTTP_PORT must be a whole number/, { DFTFS_HTTP_PORT: '-1' });
  refused({ cluster, node }, /DFTFS_LOG_LEVEL must be one of debug/, { DFTFS_LOG_LEVEL: 'loud' });
  refused('{', /config\.json: /);
  refused('[]', /cluster\.id is missing/);
  assert.throws(() => readNodeConfig(join(folder, 'absent.json'), {}), /absent\.json/);
});

test('a secret must be well-formed and its owner’s alone', () => {
  const path = join(folder, 'secret');
  writeFileSync(path, `${'0f'.repeat(32)}\n`, { mode: 0o600 });
  assert.deepEqual(readClusterSecret(path), Buffer.alloc(32, 15));
  chmodSync(path, 0o640);
  assert.throws(() => readClusterSecret(path), /can be read by others/);
  chmodSync(path, 0o600);
  writeFileSync(path, 'short');
  assert.throws(() => readClusterSecret(path), /is not 64 hex digits/);
  assert.throws(() => readClusterSecret(join(folder, 'none')), /can't be read \(ENOENT\)/);
});

test('an address that others reach needs TLS and tokens, or somebody who wants it so', () => {
  const open = { ...node, host: '0.0.0.0' };
  refused(
    { cluster, node: open },
    /0\.0\.0\.0 can be reached .* set cluster\.tlsCaFile and cluster\.tokens, or/,
  );
  refused(
    { cluster: { ...cluster, tokens: true }, node: open },
    /set cluster\.tlsCaFile, or node\.insecure$/,
  );
  for (const httpHost of ['::', '192.168.0.7', 'example.org', '127.0.0.1.example.org']) {
    refused({ cluster, node: { ...node, httpHost } }, /can be reached from other machines/);
  }
  const secured = { ...cluster, tokens: true, tlsCaFile: '../ca.crt' };
  const { cluster: known, node: own } = read({ cluster: secured, node: open });
  assert.equal(known.tlsCaFile, join(folder, '../ca.crt'));
  assert.equal(own.tlsKeyFile, join(folder, 'tls.key'));
  assert.equal(read({ cluster, node: { ...open, insecure: true } }).node.host, '0.0.0.0');
  for (const host of ['127.0.0.1', '127.1.2.3', '::1', 'localhost']) {
    assert.equal(read({ cluster, node: { ...node, host } }).node.host, host);
  }
});

test('settings of TLS that do not go together are refused', () => {
  const https = { ...cluster, etcdEndpoints: ['https://127.0.0.1:2379'] };
  refused({ cluster: https, node }, /https needs cluster\.tlsCaFile/);
  const key = { ...node, httpsKeyFile: 'k' };
  refused({ cluster, node: key }, /come together/);
  refused({ cluster, node: { ...key, httpsCertificateFile: 'c' } }, /https needs/);
  const tls = { ...https, tlsCaFile: 'ca.crt' };
  for (const host of ['etcd.example', '10.0.0.1', '[fe80::1]']) {
    const bare = { ...tls, etcdEndpoints: ['https://10.0.0.2:2379', `http://${host}:2379`] };
    refused({ cluster: bare, node }, /would be met without TLS: write https/);
    assert.ok(read({ cluster: bare, node: { ...node, insecure: true } }));
  }
  const own = ['http://127.0.0.1:2379', 'http://[::1]:2379'];
  assert.ok(read({ cluster: { ...tls, etcdEndpoints: own }, node }));
  const { httpsKeyFile } = read({ cluster: tls, node: { ...key, httpsCertificateFile: 'c' } }).node;
  assert.equal(httpsKeyFile, join(folder, 'k'));
});

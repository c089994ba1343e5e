import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import {
  appendFile,
  copyFile,
  mkdir,
  mkdtemp,
  readFile,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { testAuthority } from '../../../test/support/test-certificates.ts';
import { operatorTls, provideCertificates } from './certificates.ts';
import {
  authorityPaths,
  certificatePaths,
  type Manifest,
  newManifest,
  operatorPaths,
  processNames,
} from './manifest.ts';

async function cluster(context: TestContext, host?: string) {
  const data = await mkdtemp(join(tmpdir(), 'dftfs-certificates-'));
  context.after(() => rm(data, { recursive: true }));
  const ports = async (count: number) => Array.from({ length: count }, (_, nth) => 20_000 + nth);
  const shape = { nodes: 2, etcd: 1, port: 8080, host, tls: true };
  const manifest = await newManifest(data, shape, ports);
  for (const name of processNames(manifest)) await mkdir(join(data, name));
  const provide = (shown: Manifest = manifest, renew = false) =>
    provideCertificates(data, shown, { renew });
  const certificateOf = async (name: string) =>
    new X509Certificate(await readFile(certificatePaths(data, name).certificate));
  return { data, manifest, provide, certificateOf };
}

test('each process has a certificate that names it, and keys are their owner’s alone', async (context) => {
  const { data, manifest, provide, certificateOf } = await cluster(context);
  await provide();
  const authority = new X509Certificate(await readFile(authorityPaths(data).certificate));
  for (const name of processNames(manifest)) {
    const certificate = await certificateOf(name);
    assert.ok(certificate.checkIssued(authority) && certificate.verify(authority.publicKey));
    assert.ok(certificate.checkIP('127.0.0.1'), name);
  }
  assert.ok((await certificateOf('node-1')).checkHost('node-1.node.dftfs'));
  assert.ok(!(await certificateOf('node-1')).checkHost('node-2.node.dftfs'));
  assert.ok(!(await certificateOf('node-1')).checkHost('etcd.dftfs'));
  assert.ok((await certificateOf('etcd-1')).checkHost('etcd.dftfs'));
  const keys = [authorityPaths(data), operatorPaths(data), certificatePaths(data, 'node-1')];
  for (const { key } of keys) assert.equal((await stat(key)).mode & 0o777, 0o600, key);
  assert.ok(operatorTls(data, manifest)?.current.certificate);
  assert.equal(operatorTls(data, { ...manifest, tls: false }), undefined);
});

test('what is good stays; what lacks an address, or is to be renewed, is made anew', async (context) => {
  const { manifest, provide, certificateOf } = await cluster(context);
  await provide();
  const first = await certificateOf('node-1');
  const etcd = await certificateOf('etcd-1');
  await provide();
  assert.equal((await certificateOf('node-1')).serialNumber, first.serialNumber);
  await provide({ ...manifest, publicHost: '192.0.2.7' });
  const second = await certificateOf('node-1');
  assert.ok(second.checkIP('192.0.2.7') && !first.checkIP('192.0.2.7'));
  assert.equal((await certificateOf('etcd-1')).serialNumber, etcd.serialNumber);
  await provide(manifest, true);
  assert.notEqual((await certificateOf('etcd-1')).serialNumber, etcd.serialNumber);
  assert.equal((await certificateOf('etcd-1')).issuer, etcd.issuer);
});

test('an authority whose key is kept elsewhere is not replaced by another', async (context) => {
  const { data, manifest, provide, certificateOf } = await cluster(context);
  await provide();
  const { certificate, key } = authorityPaths(data);
  const authority = await readFile(certificate, 'utf8');
  const first = await certificateOf('node-1');
  const kept = await readFile(key);
  await rm(key);
  await provide();
  assert.equal((await certificateOf('node-1')).serialNumber, first.serialNumber, 'all is good');
  await assert.rejects(provide(manifest, true), /ca\.key isn't there: bring it back/);
  assert.equal(await readFile(certificate, 'utf8'), authority);
  assert.equal((await certificateOf('node-1')).serialNumber, first.serialNumber);
  await writeFile(key, kept, { mode: 0o600 });
  await provide(manifest, true);
  assert.notEqual((await certificateOf('node-1')).serialNumber, first.serialNumber);
});

test('a key beside a certificate for another is made anew, with a certificate', async (context) => {
  const { data, provide, certificateOf } = await cluster(context);
  await provide();
  const first = await certificateOf('node-1');
  await copyFile(certificatePaths(data, 'node-2').key, certificatePaths(data, 'node-1').key);
  await provide();
  assert.notEqual((await certificateOf('node-1')).serialNumber, first.serialNumber);
});

test('of several authorities the one whose key is here signs', async (context) => {
  const { data, manifest, provide, certificateOf } = await cluster(context);
  await provide();
  const { certificate, key } = authorityPaths(data);
  const next = testAuthority('next');
  await writeFile(key, next.key, { mode: 0o600 });
  await assert.rejects(provide(manifest, true), /is the key of no certificate/);
  await appendFile(certificate, next.certificate);
  const first = await certificateOf('node-1');
  await provide();
  assert.equal((await certificateOf('node-1')).serialNumber, first.serialNumber, 'both count');
  await provide(manifest, true);
  const { publicKey } = new X509Certificate(next.certificate);
  assert.ok((await certificateOf('node-1')).verify(publicKey));
});

/**
 * The drill: names are backed up, changed, and restored. What was there is there again and reads
 * whole, what was put since has lost its name and not its bytes, and the cluster goes on.
 */
import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { readManifest, writeManifest } from '#app/local/manifest.ts';
import { projectFolder } from '#app/local/project.ts';
import { ended } from '../support/cluster-state.ts';
import { httpCall } from '../support/http-call.ts';
import { type LocalCluster, withLocalCluster } from '../support/local-cluster.ts';
import { type Ended, runProgram } from '../support/run-program.ts';

const contentOf = (name: string, bytes: number): Buffer => Buffer.alloc(bytes, `${name} `);
const sizes = { '/small': 100, '/large': 3_000_000 };

const script = (name: string, ...args: string[]): Promise<Ended> =>
  runProgram(path.join(projectFolder, `${name}.sh`), args).ended;

async function put({ url }: LocalCluster, name: string, bytes: number): Promise<void> {
  const { status } = await httpCall('PUT', url + name, { body: contentOf(name, bytes) });
  assert.equal(status, 200, name);
}

async function isThere({ url }: LocalCluster, name: string, bytes: number): Promise<void> {
  const { status, body } = await httpCall('GET', url + name);
  assert.deepEqual([status, body.equals(contentOf(name, bytes))], [200, true], name);
}

async function etagOf({ url }: LocalCluster, name: string): Promise<string> {
  return String((await httpCall('HEAD', url + name)).headers.etag);
}

async function namesStatus({ url }: LocalCluster): Promise<{ collectionHeld?: boolean }> {
  return JSON.parse((await httpCall('GET', `${url}/-/cluster`)).body.toString()).names;
}

async function storedBytes({ data }: LocalCluster): Promise<number> {
  let bytes = 0;
  for (const name of (await readdir(data)).filter((one) => one.startsWith('node-'))) {
    const store = path.join(data, name, 'store');
    for (const file of await readdir(store, { recursive: true })) {
      if (/seg/.test(file)) bytes += (await readFile(path.join(store, file))).length;
    }
  }
  return bytes;
}

function refused(result: Ended, why: RegExp): void {
  assert.equal(result.code, 1, result.stderr);
  assert.match(result.stderr, why);
}

async function drill(cluster: LocalCluster): Promise<void> {
  const { data } = cluster;
  const file = path.join(data, '..', 'names.backup');
  const restore = () => script('restore', '--data', data, '--from', file);
  for (const [name, bytes] of Object.entries(sizes)) await put(cluster, name, bytes);
  const etag = await etagOf(cluster, '/large');
  const made = await script('backup', '--data', data, '--out', file);
  assert.equal(made.code, 0, made.stderr);
  refused(await script('backup', '--data', data, '--out', file), /exists already/);

  await put(cluster, '/newer', 2_000_000);
  assert.equal((await httpCall('DELETE', `${cluster.url}/small`)).status, 200);
  refused(await restore(), /must not run meanwhile/);
  assert.equal((await script('stop', '--data', data)).code, 0);
  const whole = await readFile(file);
  await writeFile(file, whole.subarray(0, whole.length - 20));
  refused(await restore(), /can't be read/);
  await writeFile(file, whole);
  const bytesBefore = await storedBytes(cluster);
  assert.ok(bytesBefore > 5_000_000, 'the bytes of all files are looked at');

  // As after a restore that was killed.
  const manifest = await readManifest(data);
  assert.ok(manifest !== undefined);
  await writeManifest(data, { ...manifest, restoring: true });
  await assert.rejects(cluster.startAgain(), /interrupted: run \.\/restore\.sh again/);
  const done = await restore();
  assert.equal(done.code, 0, done.stderr);

  assert.equal((await cluster.startAgain()).length, cluster.names.length);
  for (const [name, bytes] of Object.entries(sizes)) await isThere(cluster, name, bytes);
  assert.equal(await etagOf(cluster, '/large'), etag);
  assert.equal((await httpCall('GET', `${cluster.url}/newer`)).status, 404);
  assert.equal((await namesStatus(cluster)).collectionHeld, true);
  assert.ok((await storedBytes(cluster)) >= bytesBefore, 'nothing was thrown away');

  // It goes on as any cluster: its path is free again, and a node that dies comes back.
  await put(cluster, '/newer', 1000);
  cluster.signal('node-1', 'SIGKILL');
  await ended(cluster, 'node-1');
  assert.equal((await cluster.startAgain()).length, 1);
  await isThere(cluster, '/newer', 1000);
  assert.equal((await script('restore', '--data', data, '--release')).code, 0);
  assert.equal((await namesStatus(cluster)).collectionHeld, false);
}

test('names are restored from an older backup', async () => {
  await withLocalCluster(drill, { nodes: 3, etcd: 3 });
});

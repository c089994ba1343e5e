import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DftfsError } from '#base/errors.ts';
import type { NodeAdmin } from '#gateways/rest/call.ts';
import { nodelessAdmin, testGateway } from '../../test/support/test-gateway.ts';
import { Cluster, Storage, StorageError } from './index.ts';

const quick = { backoffMs: 1, backoffMaxMs: 5, triesMax: 2 };

test('an operator asks and changes nodes', async (context) => {
  const asked: string[] = [];
  const answering = (verb: string) => async (node: string) => {
    asked.push(`${verb} ${node}`);
    return { id: node, safeToStop: verb === 'describe' };
  };
  const admin: NodeAdmin = {
    describe: answering('describe'),
    drain: answering('drain'),
    undrain: answering('undrain'),
    remove: async () => {
      throw new DftfsError('removal_refused', 'It runs: stop it first.');
    },
  };
  const { url } = await testGateway(context, { admin });
  const cluster = new Cluster([url], quick);
  context.after(() => cluster.close());
  assert.equal((await cluster.node('node-1')).safeToStop, true);
  assert.equal((await cluster.drain('node-1')).id, 'node-1');
  await cluster.undrain('node-1');
  assert.deepEqual(asked, ['describe node-1', 'drain node-1', 'undrain node-1']);
  const refused = await cluster.remove('node-1').catch((error: unknown) => error);
  assert.ok(refused instanceof StorageError && refused.code === 'removal_refused');
});

test('how an endpoint is', async (context) => {
  let reason: string | undefined = 'not registered yet';
  const status = { notReadyReason: () => reason, describe: () => ({ node: 'node-1' }) };
  const { url } = await testGateway(context, { status, admin: nodelessAdmin });
  const cluster = new Cluster([url], quick);
  context.after(() => cluster.close());
  const waiting = await cluster.probe();
  assert.match(waiting.notReady ?? '', /not registered/);
  assert.ok(Math.abs(waiting.date.getTime() - Date.now()) < 3_600_000);
  reason = undefined;
  assert.equal((await cluster.probe()).notReady, undefined);
  assert.equal((await cluster.status()).node, 'node-1');
  const unknown = await cluster.node('node-9').catch((error: unknown) => error);
  assert.ok(unknown instanceof StorageError && unknown.code === 'node_not_found');
});

test('a checksum comes with what is stored and with what is read', async (context) => {
  const { url } = await testGateway(context);
  const storage = new Storage([url], quick);
  context.after(() => storage.close());
  const { crc32, etag } = await storage.put('/a', '123456789');
  assert.equal(crc32, 'cbf43926');
  assert.equal((await storage.copy('/a', '/b')).crc32, crc32);
  const download = await storage.getStream('/a', { start: 3, ifMatch: etag });
  assert.equal(download.info.crc32, crc32);
  download.cancel();
  const other = storage.getStream('/a', { start: 3, ifMatch: '"other"' });
  await assert.rejects(other, { name: 'PreconditionFailedError' });
  await storage.rm('/a');
  assert.equal(await storage.exists('/a'), false);
});

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { DftfsError } from '#base/errors.ts';
import { cuttingProxy } from '../../test/support/cutting-proxy.ts';
import { deadEndpoint } from '../../test/support/dead-endpoint.ts';
import { overriding } from '../../test/support/memory-files.ts';
import { type TestGatewaySetup, testGateway } from '../../test/support/test-gateway.ts';
import {
  IdempotencyKeyReusedError,
  InvalidPathError,
  NoSpaceError,
  OutcomeUnknownError,
  PathExistsError,
  PathNotFoundError,
  RangeUnsatisfiableError,
  Storage,
  StorageError,
  UnavailableError,
} from './index.ts';

const quick = { backoffMs: 1, backoffMaxMs: 5 };

function storageAt(context: TestContext, endpoints: readonly string[], options = {}): Storage {
  const storage = new Storage(endpoints, { ...quick, ...options });
  context.after(() => storage.close());
  return storage;
}

async function started(context: TestContext, setup: TestGatewaySetup = {}) {
  const gateway = await testGateway(context, setup);
  return { ...gateway, storage: storageAt(context, [gateway.url]) };
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

test('the verbs do what they say', async (context) => {
  const { storage } = await started(context);
  const put = await storage.put('/a/b.txt', 'hello', {
    contentType: 'text/plain',
    metadata: { owner: 'me' },
  });
  assert.deepEqual([put.path, put.size], ['/a/b.txt', 5]);
  assert.equal((await storage.get('/a/b.txt')).toString(), 'hello');
  assert.equal((await storage.get('/a/b.txt', { start: 1, end: 3 })).toString(), 'el');
  assert.equal(await storage.exists('/a/b.txt'), true);
  assert.equal(await storage.exists('/a/c.txt'), false);
  assert.equal((await storage.copy('/a/b.txt', '/c.txt')).etag, put.etag);
  await storage.move('/c.txt', '/d.txt');
  assert.equal(await storage.exists('/c.txt'), false);
  const { info } = await storage.getStream('/d.txt');
  assert.deepEqual(
    [info.size, info.contentType, info.metadata.owner, info.etag],
    [5, 'text/plain', 'me', put.etag],
  );
  assert.equal((await storage.stat('/d.txt')).lossesSurvivable, 2);
  assert.equal(await storage.rm('/d.txt'), 1);
  assert.equal(await storage.rm('/a', { recursive: true }), 1);
  assert.deepEqual(await collect(storage.ls('/')), []);
});

test('errors come by type, with code and request id', async (context) => {
  const { storage } = await started(context);
  await storage.put('/a', 'one');
  await assert.rejects(storage.put('/a', 'two'), PathExistsError);
  await assert.rejects(storage.get('/b'), PathNotFoundError);
  await assert.rejects(storage.copy('/b', '/c'), PathNotFoundError);
  await assert.rejects(storage.copy('/a', '/a'), PathExistsError);
  await assert.rejects(storage.move('/b', '/c'), PathNotFoundError);
  await assert.rejects(storage.rm('/b'), PathNotFoundError);
  await assert.rejects(collect(storage.ls('/b')), PathNotFoundError);
  await assert.rejects(storage.put('/a/../b', 'x'), InvalidPathError);
  await assert.rejects(storage.put('/a/', 'x'), InvalidPathError);
  await assert.rejects(storage.put('/exists', 'x'), InvalidPathError);
  await assert.rejects(storage.get('/a', { start: 3 }), RangeUnsatisfiableError);
  const error = await storage.get('/b').catch((thrown: unknown) => thrown);
  assert.ok(error instanceof StorageError);
  assert.deepEqual([error.code, error.status, error.path], ['path_not_found', 404, '/b']);
  assert.match(error.requestId ?? '', /./);
  assert.equal((await storage.get('/a')).toString(), 'one');
});

test('names that are hard to write travel unchanged', async (context) => {
  const { storage, files } = await started(context);
  const names = ['/a b+c%20', '/caf\u00e9', '/cafe\u0301', '/back\\slash', '/q?x=1&y#z', '/path'];
  for (const name of names) await storage.put(name, name);
  assert.deepEqual(files.names(), [...names].sort(byBytes));
  for (const name of names) assert.equal((await storage.get(name)).toString(), name);
});

const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

test('ls goes through all pages', async (context) => {
  const { storage, files } = await started(context);
  await files.fill('/many', 1005);
  const entries = await collect(storage.ls('/many'));
  assert.equal(new Set(entries.map(({ name }) => name)).size, 1005);
  assert.deepEqual(
    (await collect(storage.ls('/'))).map(({ name, kind }) => [name, kind]),
    [['many', 'folder']],
  );
});

const megabytes = Buffer.alloc(5_000_000, 'abcdefghij');

async function* inPieces(): AsyncGenerator<Buffer> {
  for (let at = 0; at < megabytes.length; at += 300_001) yield megabytes.subarray(at, at + 300_001);
}

test('streams go up and come down whole', async (context) => {
  const { storage } = await started(context);
  await storage.putStream('/once', inPieces());
  await storage.putStream('/again', inPieces);
  assert.deepEqual(Buffer.concat(await collect(await storage.getStream('/once'))), megabytes);
  assert.deepEqual(await storage.get('/again'), megabytes);
  await assert.rejects(storage.putStream('/once', inPieces), PathExistsError);
});

test('a failing source fails the upload with its own error, and nothing is stored', async (context) => {
  const { storage } = await started(context);
  async function* failing(): AsyncGenerator<Buffer> {
    yield Buffer.from('part');
    throw new RangeError('source');
  }
  await assert.rejects(storage.putStream('/a', failing), new RangeError('source'));
  assert.equal(await storage.exists('/a'), false);
});

test('a dead endpoint is passed over; none alive is unavailable', async (context) => {
  const { url } = await testGateway(context);
  const dead = await deadEndpoint();
  const storage = storageAt(context, [dead, url]);
  await storage.put('/a', 'hello');
  assert.equal((await storage.get('/a')).toString(), 'hello');
  const lost = storageAt(context, [dead], { triesMax: 2 });
  await assert.rejects(lost.put('/b', 'x'), UnavailableError);
  await assert.rejects(lost.get('/a'), UnavailableError);
});

test('a write whose answer was swallowed succeeds on retry, exactly once', async (context) => {
  const { port, files } = await testGateway(context);
  let seen = 0;
  const swallowing = await cuttingProxy(context, port, () => (seen++ % 2 === 0 ? 0 : 1e9));
  const freshStorage = () => storageAt(context, [swallowing]);
  await freshStorage().put('/a', 'hello');
  await freshStorage().copy('/a', '/b');
  await freshStorage().move('/b', '/c');
  await freshStorage().putStream('/d', inPieces);
  assert.equal(await freshStorage().rm('/d'), 1);
  assert.deepEqual(files.names(), ['/a', '/c']);
  assert.equal(files.content('/c')?.toString(), 'hello');
  assert.equal(seen, 10);
});

test('a write whose answers are all swallowed is unknown, a read unavailable', async (context) => {
  const { port, files } = await testGateway(context);
  const swallowing = await cuttingProxy(context, port, () => 0);
  const storage = storageAt(context, [swallowing], { triesMax: 2 });
  await assert.rejects(storage.put('/a', 'hello'), OutcomeUnknownError);
  await assert.rejects(storage.get('/a'), UnavailableError);
  await assert.rejects(storage.putStream('/b', inPieces()), OutcomeUnknownError);
  assert.equal(files.content('/a')?.toString(), 'hello');
});

test('the same key settles an unknown outcome, and refuses other bytes', async (context) => {
  const { port, url } = await testGateway(context);
  const swallowing = await cuttingProxy(context, port, () => 0);
  const idempotencyKey = 'key-1';
  const unlucky = storageAt(context, [swallowing], { triesMax: 1 });
  await assert.rejects(unlucky.put('/a', 'hello', { idempotencyKey }), OutcomeUnknownError);
  const storage = storageAt(context, [url]);
  await storage.put('/a', 'hello', { idempotencyKey });
  const other = storage.put('/a', 'other', { idempotencyKey });
  await assert.rejects(other, IdempotencyKeyReusedError);
});

test('an interrupted download goes on elsewhere, byte for byte', async (context) => {
  const { port, url, storage } = await started(context);
  await storage.put('/big', megabytes);
  let connections = 0;
  const cutting = await cuttingProxy(context, port, () => {
    connections += 1;
    return 1_000_000;
  });
  const patient = storageAt(context, [cutting]);
  assert.deepEqual(await patient.get('/big'), megabytes);
  assert.ok(connections > 4);
  const elsewhere = storageAt(context, [cutting, url]);
  assert.deepEqual(await elsewhere.get('/big', { start: 7 }), megabytes.subarray(7));
});

test('no space is told at once; too few nodes after every try', async (context) => {
  const codes = ['no_space', 'too_few_nodes', 'too_few_nodes'] as const;
  let puts = 0;
  const wrap: TestGatewaySetup['wrap'] = (files) =>
    overriding(files, {
      put: async () => {
        throw new DftfsError(codes[puts++] ?? 'internal', 'for the test');
      },
    });
  const { url } = await testGateway(context, { wrap });
  const storage = storageAt(context, [url], { triesMax: 2 });
  await assert.rejects(storage.put('/a', 'x'), NoSpaceError);
  await assert.rejects(storage.put('/a', 'x'), UnavailableError);
  assert.equal(puts, 3);
});

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { DftfsError, type ErrorCode, isCode } from '#base/errors.ts';
import { type NodeId, nodeId } from '#base/ids.ts';
import type { BlobReader, BlobWriter, ReadOptions, WrittenBlob } from '#blob/blob.ts';
import { createNodeWorld } from '#io/node/world.ts';
import { MemoryKv } from '#kv/memory/memory-kv.ts';
import type { FileEntry } from '#namespace/records.ts';
import { volumeKey } from '#protocol/keys.ts';
import { encodeVolume, type VolumeRecord } from '#protocol/volumes.ts';
import { InterruptedKv } from '../../test/support/interrupted-kv.ts';
import {
  checkNames,
  drop,
  type NamesFixture,
  namesFixture,
  put,
  volumeRecord,
} from '../../test/support/names-fixture.ts';
import { createFiles } from './create-files.ts';
import type { Files, PutOptions } from './files.ts';

const context = { signal: new AbortController().signal };
const text: PutOptions = { contentType: 'text/plain', metadata: { a: 'b' } };

async function* chunks(...texts: string[]): AsyncIterable<Buffer> {
  for (const chunk of texts) yield Buffer.from(chunk);
}
async function drain(content: AsyncIterable<Buffer>): Promise<string> {
  const parts = [];
  for await (const part of content) parts.push(part);
  return Buffer.concat(parts).toString();
}
const fails = (promise: Promise<unknown>, code: ErrorCode) =>
  assert.rejects(promise, (error) => isCode(error, code));

let fixture: NamesFixture;
let files: Files;
let written: WrittenBlob[];
let discarded: WrittenBlob[];
let released: WrittenBlob[];
let refilled: VolumeRecord[];
let live: NodeId[];
/** What the reader was asked last. */
let lastRead: ReadOptions | undefined;
/** No change of names arrives, and no one is told. */
let lost: boolean;
/** Runs when the bytes are written and before they get a name. */
let meanwhile: () => Promise<unknown>;

let areNamesFull = false;
beforeEach(async () => {
  lost = false;
  const fate = () => (lost ? 'lose' : 'pass');
  const kv = new MemoryKv(createNodeWorld());
  fixture = await namesFixture(kv, (kv) => new InterruptedKv(kv, { fate }).kv);
  written = [];
  discarded = [];
  released = [];
  refilled = [];
  live = ['n1', 'n2', 'n3'].map(nodeId);
  meanwhile = async () => {};
  areNamesFull = false;
  const contents = new Map<string, string>();
  const writer: BlobWriter = {
    async write(content) {
      const bytes = await drain(content);
      const some = bytes.length === 0 ? { extents: [], volumes: [] } : {};
      const blob = fixture.newFile({ size: bytes.length, crc: bytes.length, ...some });
      contents.set(blob.blob, bytes);
      written.push(blob);
      await meanwhile();
      return blob;
    },
    async refill(blob, now) {
      const volumes = blob.volumes.flatMap(({ record }) => now.get(record.id) ?? []);
      refilled.push(...volumes.map(({ record }) => record));
      if (volumes.length < blob.volumes.length) {
        throw new DftfsError('volume_changed', 'A volume is gone.');
      }
      return { ...blob, volumes };
    },
    release: (blob) => released.push(blob),
    discard: (blob) => discarded.push(blob),
  };
  const reader: BlobReader = {
    read({ blob }, start, end, options) {
      lastRead = options;
      return chunks(contents.get(blob)?.slice(start, end) ?? 'missing');
    },
  };
  const map = { live: () => live, isLive: (id: NodeId) => live.includes(id) };
  const { namespace } = fixture;
  files = createFiles({ namespace, writer, reader, map, areNamesFull: () => areNamesFull });
});

const blobs = () => written.map(({ blob }) => blob);
const whole = ({ record }: FileEntry) => ({ start: 0, end: record.size });

test('what was put is there, with its type and metadata, and reads whole or in part', async () => {
  const { entry, repeated } = await files.put('/a', chunks('hello ', 'world'), text, context);
  assert.equal(repeated, false);
  assert.deepEqual(await files.lookup('/a', context), entry);
  assert.deepEqual([released, discarded], [written, []]);
  assert.equal(entry.record.contentType, 'text/plain');
  assert.deepEqual(entry.record.metadata, { a: 'b' });
  assert.equal(await drain(files.read(entry, whole(entry), context)), 'hello world');
  assert.equal(await drain(files.read(entry, { start: 6, end: 8 }, context)), 'wo');
  assert.equal(await drain(files.read(entry, { start: 11, end: 11 }, context)), '');
  for (const [start, end] of [
    [-1, 2],
    [3, 2],
    [0, 12],
    [0.5, 2],
  ] as const) {
    await fails(drain(files.read(entry, { start, end }, context)), 'range_unsatisfiable');
  }
});

test('a reader that finds nothing any more is told where the content is now', async () => {
  const { entry } = await files.put('/a', chunks('x'), text, context);
  assert.equal(await drain(files.read(entry, whole(entry), context)), 'x');
  const moved = lastRead?.moved ?? assert.fail('the reader can’t ask');
  assert.equal((await moved(entry.record.blob))?.blob, entry.record.blob);
  const next = fixture.newFile();
  await fixture.namespace.relocate(entry.record.blob, next);
  assert.equal((await moved(entry.record.blob))?.blob, next.blob);
  await files.remove('/a', undefined, context);
  assert.equal(await moved(entry.record.blob), undefined);
  await files.put('/a', chunks('y'), text, context);
  assert.equal(await moved(entry.record.blob), undefined, 'another file of the same name');
});

test('0 bytes are a file that needs no volume', async () => {
  const { entry } = await files.put('/empty', chunks(), text, context);
  assert.deepEqual(entry.record.extents, []);
  assert.equal(await drain(files.read(entry, whole(entry), context)), '');
  const { extents, lossesSurvivable } = await files.stat('/empty', context);
  assert.deepEqual({ extents, lossesSurvivable }, { extents: [], lossesSurvivable: 2 });
});

test('a put that loses the race says so, and its blob is discarded', async () => {
  meanwhile = () => fixture.namespace.create('/a', fixture.newFile());
  await fails(files.put('/a', chunks('x'), text, context), 'path_exists');
  assert.deepEqual(discarded, written);
});

test('while there is no space for names a put is refused before its bytes are kept', async () => {
  await files.put('/a', chunks('x'), text, context);
  areNamesFull = true;
  await fails(files.checkAbsent('/b', undefined, context), 'names_full');
  await fails(files.put('/b', chunks('x'), text, context), 'names_full');
  await fails(files.checkAbsent('/a', undefined, context), 'path_exists');
  await fails(files.put('/a', chunks('x'), text, context), 'path_exists');
  assert.equal(written.length, 1);
});

test('a put refused by its last check leaves nothing', async () => {
  const beforeCommit = () => {
    throw new DftfsError('digest_mismatch', 'The bytes differ from their Content-MD5.');
  };
  const options = { ...text, beforeCommit };
  await fails(files.put('/a', chunks('x'), options, context), 'digest_mismatch');
  assert.equal((await checkNames(fixture.kv)).size, 0);
  assert.deepEqual(discarded, written);
});

test('a put whose volume changed its members has the new ones fetch it, and succeeds', async () => {
  const moved = volumeRecord({ epoch: 2 });
  meanwhile = () => put(fixture.kv, volumeKey(moved.id), encodeVolume(moved));
  let checks = 0;
  await files.put('/a', chunks('x'), { ...text, beforeCommit: () => void checks++ }, context);
  assert.equal(checks, 1);
  assert.deepEqual(refilled, [moved]);
  assert.equal((await checkNames(fixture.kv)).size, 1);
  assert.deepEqual(discarded, []);
});

test('a put whose volume is gone says so, and its blob is discarded', async () => {
  const key = volumeKey(volumeRecord().id);
  meanwhile = () =>
    fixture.kv.txn(
      { compare: [], then: [{ kind: 'delete', start: key }], else: [] },
      { timeoutMs: 1000 },
    );
  await fails(files.put('/a', chunks('x'), text, context), 'volume_changed');
  assert.equal((await checkNames(fixture.kv)).size, 0);
  assert.deepEqual(discarded, written);
});

test('a put whose caller has gone makes no name', async () => {
  const controller = new AbortController();
  meanwhile = async () => controller.abort();
  const gone = { signal: controller.signal };
  await fails(files.put('/a', chunks('x'), text, gone), 'canceled');
  assert.equal((await checkNames(fixture.kv)).size, 0);
  assert.deepEqual(discarded, written);
});

test('a repeated put succeeds with the first one’s bytes, and its own are discarded', async () => {
  const options = { ...text, idempotencyKey: 'k' };
  const first = await files.put('/a', chunks('x'), options, context);
  assert.deepEqual(await files.checkAbsent('/a', 'k', context), first.entry);
  const again = await files.put('/a', chunks('x'), options, context);
  assert.deepEqual(again, { entry: first.entry, repeated: true });
  assert.deepEqual(discarded, written.slice(1));
});

test('while it isn’t known whether the put was done, its blob is kept', async () => {
  lost = true;
  await fails(files.put('/a', chunks('x'), text, context), 'outcome_unknown');
  assert.deepEqual(discarded, []);
});

test('checkAbsent tells a free path from one that is taken', async () => {
  assert.equal(await files.checkAbsent('/a', undefined, context), undefined);
  assert.equal(await files.checkAbsent('/a', 'k', context), undefined);
  await files.put('/a', chunks('x'), text, context);
  await fails(files.checkAbsent('/a', undefined, context), 'path_exists');
  await fails(files.checkAbsent('/a', 'k', context), 'path_exists');
  await files.copy('/a', '/b', 'k', context);
  await fails(files.checkAbsent('/b', 'k', context), 'idempotency_key_reused');
});

test('copy, move, list and both removals go to the names', async () => {
  await files.put('/f/a', chunks('x'), text, context);
  await files.copy('/f/a', '/f/b', undefined, context);
  await files.move('/f/b', '/f/c', undefined, context);
  const page = await files.list({ folder: '/f', recursive: false, limit: 10 }, context);
  assert.deepEqual(
    page.entries.map(({ name }) => name),
    ['a', 'c'],
  );
  assert.deepEqual(await files.remove('/f/a', undefined, context), { removed: 1 });
  assert.deepEqual(await files.removeTree('/f', context), { removed: 1 });
  assert.equal((await checkNames(fixture.kv, blobs())).size, 0);
});

test('stat says which nodes hold what and how many more may go', async () => {
  await fails(files.stat('/a', context), 'path_not_found');
  const { entry } = await files.put('/a', chunks('x'), text, context);
  const stat = await files.stat('/a', context);
  const { id } = volumeRecord();
  const members = ['n1', 'n2'].map((node) => {
    return { node: nodeId(node), live: true, rebuilding: false };
  });
  const extent = { volume: id, firstStripe: 0, stripes: 1, k: 1, m: 1, members };
  assert.deepEqual(stat, { entry, extents: [extent], lossesSurvivable: 1 });

  const rebuilding = volumeRecord({ rebuilding: [1] });
  await put(fixture.kv, volumeKey(id), encodeVolume(rebuilding));
  assert.equal((await files.stat('/a', context)).lossesSurvivable, 0);
  live = [nodeId('n2')];
  const dead = await files.stat('/a', context);
  assert.equal(dead.lossesSurvivable, -1);
  assert.deepEqual(
    dead.extents[0]?.members.map(({ live }) => live),
    [false, true],
  );
  await drop(fixture.kv, volumeKey(id));
  await fails(files.stat('/a', context), 'data_damaged');
});

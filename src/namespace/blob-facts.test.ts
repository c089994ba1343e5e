import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BlobId } from '#base/ids.ts';
import { createNodeWorld } from '#io/node/world.ts';
import { MemoryKv } from '#kv/memory/memory-kv.ts';
import { backReferenceKey, fileKey } from '#protocol/keys.ts';
import { drop, options, put } from '../../test/support/names-fixture.ts';
import { readBlobPage } from './blob-facts.ts';
import { encodeFileRecord } from './record-codec.ts';

async function name(kv: MemoryKv, path: string, blob: BlobId): Promise<void> {
  const plain = { contentType: '', metadata: {}, modifiedMs: 0, request: '' };
  await put(kv, fileKey(path), encodeFileRecord({ blob, size: 0, crc: 0, extents: [], ...plain }));
  await put(kv, backReferenceKey(blob, path), Buffer.alloc(0));
}

async function rename(kv: MemoryKv, from: string, to: string, blob: BlobId): Promise<void> {
  await name(kv, to, blob);
  await drop(kv, fileKey(from));
  await drop(kv, backReferenceKey(blob, from));
}

test('a walk over blobs passes over none that is renamed meanwhile', async () => {
  const kv = new MemoryKv(createNodeWorld());
  const blobs = [...Array(9).keys()].map((n) => `${n}`.repeat(32) as BlobId);
  for (const [n, blob] of blobs.entries()) await name(kv, `/m${n}`, blob);
  await name(kv, '/again', blobs[4] as BlobId);
  const seen = new Set<BlobId>();
  let from: string | undefined;
  for (let page = 0; page === 0 || from !== undefined; page++) {
    const { files, damaged, next } = await readBlobPage(kv, from, 2, options);
    assert.equal(damaged, 0);
    for (const { record } of files) seen.add(record.blob);
    if (page === 1) {
      await rename(kv, '/m8', '/a8', blobs[8] as BlobId);
      await rename(kv, '/m0', '/z0', blobs[0] as BlobId);
    }
    from = next;
  }
  assert.deepEqual([...seen].sort(), blobs);
});

test('a page is of one moment, whatever is renamed or removed while it is read', async () => {
  const kv = new MemoryKv(createNodeWorld());
  const blob = '7'.repeat(32) as BlobId;
  await name(kv, '/z', blob);
  const slow = {
    range: async (...args: Parameters<MemoryKv['range']>) => {
      const result = await kv.range(...args);
      await rename(kv, '/z', '/a', blob);
      return result;
    },
    txn: kv.txn.bind(kv),
  };
  const { files } = await readBlobPage(slow, undefined, 10, options);
  assert.deepEqual(
    files.map(({ path, record }) => [path, record.blob]),
    [['/z', blob]],
  );
});

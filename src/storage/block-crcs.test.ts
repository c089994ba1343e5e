import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import { checkBlockBytes } from '#base/limits.ts';
import { shardBody } from '../../test/support/shard-bench.ts';
import { blockCount, bodyCrcs } from './block-crcs.ts';

const lengths = [0, 1, 4096, checkBlockBytes - 1, checkBlockBytes, checkBlockBytes + 1, 300_000];

for (const length of lengths) {
  test(`the CRCs of ${length} bytes don't depend on the chunks`, () => {
    const bytes = shardBody(1, length);
    const blocks = Array.from({ length: blockCount(length) }, (_, block) =>
      crc32(bytes.subarray(block * checkBlockBytes, (block + 1) * checkBlockBytes)),
    );
    for (const chunk of [length || 1, 1000, checkBlockBytes, 100_001]) {
      const body: Buffer[] = [Buffer.alloc(0)];
      for (let at = 0; at < length; at += chunk) body.push(bytes.subarray(at, at + chunk));
      assert.deepEqual(bodyCrcs(body), { blocks, whole: crc32(bytes) });
    }
  });
}

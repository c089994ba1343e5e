import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isCode } from '#base/errors.ts';
import { type BlobId, newBlobId, nodeId } from '#base/ids.ts';
import { BlobsUnderWay } from '#blob/blobs-under-way.ts';
import { settledBlobsMax, upkeepMethods } from '#protocol/upkeep.ts';
import { createHealingRig } from '../../../test/support/healing-rig.ts';
import { upkeepHandlers } from './upkeep-handlers.ts';

const context = { peer: nodeId('n1'), signal: new AbortController().signal };
let count = 0;
const blobOf = (session: number): BlobId =>
  newBlobId(session, (length) => Buffer.alloc(length, ++count));

function setUp() {
  const { kv, fillerOf } = createHealingRig(3);
  const underWay = new BlobsUnderWay();
  const rig = { session: 7 as number | undefined, underWay };
  const filler = fillerOf(nodeId('n0'));
  const handlers = upkeepHandlers({ kv, filler, underWay, session: () => rig.session });
  const settled = async (head: unknown) =>
    (await handlers[upkeepMethods.settled]?.(head, [], context))?.head;
  return { rig, settled };
}

test('settled are those blobs of the session whose fate is known', async () => {
  const { rig, settled } = setUp();
  const [open, done, other] = [blobOf(7), blobOf(7), blobOf(6)];
  rig.underWay.begin(open);
  const blobs = [open, done, other];
  assert.deepEqual(await settled({ blobs }), { settled: [done] });
  rig.underWay.settle(open);
  assert.deepEqual(await settled({ blobs }), { settled: [open, done] });
  rig.session = undefined;
  assert.deepEqual(await settled({ blobs }), { settled: [] });
});

test('what is no question after blobs is refused', async () => {
  const { settled } = setUp();
  const tooMany = Array.from({ length: settledBlobsMax + 1 }, () => blobOf(7));
  for (const head of [null, {}, { blobs: 'x' }, { blobs: ['x'] }, { blobs: tooMany }]) {
    await assert.rejects(settled(head), (error) => isCode(error, 'invalid_message'));
  }
});

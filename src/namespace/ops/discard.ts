/**
 * Queues a blob that never got a name, and by its writer's word never will, as garbage. Only a saving: an
 * unnamed blob that is not discarded goes when its writer's session is over.
 */
import type { BlobId } from '#base/ids.ts';
import { prefixEnd } from '#kv/kv.ts';
import { backReferencePrefix, garbageKey } from '#protocol/keys.ts';
import { encodeGarbage } from '../record-codec.ts';
import type { GarbageRecord } from '../records.ts';
import { type CallLimits, isAbsent, isEmptySpan, type Names, VerbTime } from './names.ts';

export async function discard(
  names: Names,
  blob: BlobId,
  garbage: GarbageRecord,
  limits: CallLimits,
): Promise<void> {
  const references = backReferencePrefix(blob);
  const key = garbageKey(blob);
  await names.committer.write(
    {
      operation: names.newOperation(),
      txn: {
        compare: [isEmptySpan(references, prefixEnd(references)), isAbsent(key)],
        then: [{ kind: 'put', key, value: encodeGarbage(garbage) }],
        else: [],
      },
      marker: 'direct',
      traces: [isAbsent(key)],
    },
    new VerbTime(names.clock, limits).options(),
  );
}

/**
 * A blob that has no name yet, and whose volumes got other members since its bytes went there: asks
 * the new members to fetch what they lack of it, so that it can get its name after all.
 */
import { DftfsError } from '#base/errors.ts';
import type { NodeId, VolumeId } from '#base/ids.ts';
import type { KnownVolume } from '#cluster/cluster-map.ts';
import { shardBytes } from '#erasure/reed-solomon.ts';
import type { StripeShard } from '#protocol/upkeep.ts';
import type { VolumeRecord } from '#protocol/volumes.ts';
import type { WrittenBlob } from './blob.ts';
import type { ShardCalls } from './shard-calls.ts';
import { stripeRanges } from './stripes.ts';
import { throwIfAborted } from './waits.ts';

const stripesPerCall = 16;
const timeoutMs = 5000;

/** The blob as it lies in the volumes `now`. Errors: volume_changed, canceled. */
export async function refillBlob(
  shards: Pick<ShardCalls, 'rebuild'>,
  written: WrittenBlob,
  now: ReadonlyMap<VolumeId, KnownVolume>,
  signal: AbortSignal,
): Promise<WrittenBlob> {
  const volumes: KnownVolume[] = [];
  for (const then of written.volumes) {
    const volume = now.get(then.record.id);
    if (volume === undefined) {
      throw new DftfsError(
        'volume_changed',
        'A volume that holds the file is gone; send it again.',
      );
    }
    const stripes = stripesIn(written, volume.record);
    for (const node of newMembers(then.record, volume.record)) {
      for (let done = 0; done < stripes.length; done += stripesPerCall) {
        const some = stripes.slice(done, done + stripesPerCall);
        const blob = { volume: volume.record.id, blob: written.blob };
        await shards.rebuild(node, blob, some, { timeoutMs, signal }).catch((cause) => {
          throwIfAborted(signal);
          const detail = 'The nodes that hold the file changed during the upload; send it again.';
          throw new DftfsError('volume_changed', detail, { cause });
        });
      }
    }
    volumes.push(volume);
  }
  return { ...written, volumes };
}

/** Members that hold a slot which they didn't hold then. Copies are alike, whatever their slot. */
function newMembers(then: VolumeRecord, now: VolumeRecord): NodeId[] {
  return now.members.filter((node, slot) =>
    now.code.k === 1 ? !then.members.includes(node) : then.members[slot] !== node,
  );
}

function stripesIn(written: WrittenBlob, { id, code }: VolumeRecord): StripeShard[] {
  return [...stripeRanges(written, 0, written.size)]
    .filter(({ stripe }) => stripe.volume === id)
    .map(({ stripe }) => [stripe.number, shardBytes(stripe.length, code.k)]);
}

/**
 * A blob that has no name yet, and whose volumes got other members since its bytes went there: asks
 * the members to fetch what they lack of it, so that it can get its name after all.
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
    for (const node of mayLackShards(then.record, volume.record)) {
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

/**
 * The new members: each came with one epoch. Were there more epochs, then somebody who seems to
 * have stayed has lost its disk, or was out in between, and it may be anyone.
 */
function mayLackShards(then: VolumeRecord, now: VolumeRecord): readonly NodeId[] {
  // Copies are alike, whatever their slot.
  const isNew = (node: NodeId, slot: number) =>
    now.code.k === 1 ? !then.members.includes(node) : then.members[slot] !== node;
  const added = now.members.filter(isNew);
  return now.epoch - then.epoch === added.length ? added : now.members;
}

function stripesIn(written: WrittenBlob, { id, code }: VolumeRecord): StripeShard[] {
  return [...stripeRanges(written, 0, written.size)]
    .filter(({ stripe }) => stripe.volume === id)
    .map(({ stripe }) => [stripe.number, shardBytes(stripe.length, code.k)]);
}

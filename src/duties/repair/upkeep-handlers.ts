/** The upkeep service as a node serves it. Heads are checked: a peer may be of another version. */
import { DftfsError } from '#base/errors.ts';
import { type BlobId, isBlobId, isVolumeId, sessionOfBlob } from '#base/ids.ts';
import { frameBodyBytesMax } from '#base/limits.ts';
import type { BlobsUnderWay } from '#blob/blobs-under-way.ts';
import type { Kv } from '#kv/kv.ts';
import { volumeKey } from '#protocol/keys.ts';
import {
  type RebuildHead,
  type SettledHead,
  type SettledReply,
  type StripeShard,
  settledBlobsMax,
  upkeepMethods,
} from '#protocol/upkeep.ts';
import { decodeVolume, type VolumeRecord } from '#protocol/volumes.ts';
import type { RpcHandlers } from '#rpc/rpc.ts';
import type { SlotFiller } from './slot-filler.ts';

const shardsMax = 64;
const callTimeoutMs = 2000;

const invalid = () => new DftfsError('invalid_message', 'No valid request to rebuild shards.');

const isStripeShard = (value: unknown): value is StripeShard =>
  Array.isArray(value) &&
  value.length === 2 &&
  value.every((number) => Number.isSafeInteger(number) && number >= 0) &&
  value[0] <= 0xffff_ffff &&
  value[1] >= 1 &&
  value[1] <= frameBodyBytesMax;

function rebuildHead(head: unknown): RebuildHead {
  const { volume, blob, shards } = (head ?? {}) as Partial<RebuildHead>;
  if (typeof volume !== 'string' || !isVolumeId(volume)) throw invalid();
  if (typeof blob !== 'string' || !isBlobId(blob)) throw invalid();
  if (!Array.isArray(shards) || shards.length > shardsMax) throw invalid();
  if (!shards.every(isStripeShard)) throw invalid();
  return { volume, blob, shards };
}

function settledHead(head: unknown): readonly BlobId[] {
  const { blobs } = (head ?? {}) as Partial<SettledHead>;
  const isValid = Array.isArray(blobs) && blobs.length <= settledBlobsMax;
  if (!isValid || !blobs.every((blob) => typeof blob === 'string' && isBlobId(blob))) {
    throw new DftfsError('invalid_message', 'No valid question after blobs.');
  }
  return blobs;
}

export interface UpkeepHandlersDeps {
  readonly kv: Pick<Kv, 'get'>;
  readonly filler: SlotFiller;
  readonly underWay: Pick<BlobsUnderWay, 'isOpen'>;
  /** This process's; of other sessions it knows nothing. */
  readonly session: () => number | undefined;
}

export function upkeepHandlers(deps: UpkeepHandlersDeps): RpcHandlers {
  const { kv, filler, underWay, session } = deps;
  return {
    [upkeepMethods.settled]: async (head) => {
      const own = session();
      const settled = settledHead(head).filter(
        (blob) => sessionOfBlob(blob) === own && !underWay.isOpen(blob),
      );
      return { head: { settled } satisfies SettledReply };
    },
    async [upkeepMethods.rebuild](head, _body, { signal }) {
      const { volume, blob, shards } = rebuildHead(head);
      const record = await volumeNow(kv, volume, signal);
      const slot = record === undefined ? undefined : filler.slotOf(record);
      if (record === undefined || slot === undefined) {
        throw new DftfsError('volume_changed', `This node is no member of volume ${volume}.`);
      }
      for (const [stripe, length] of shards) {
        const held = { key: { volume, blob, stripe, slot }, length };
        if (filler.has(record, slot, held)) continue;
        if ((await filler.fill(record, slot, held, signal)) !== 'filled') {
          throw new DftfsError('data_unavailable', `Stripe ${stripe} can't be rebuilt here now.`);
        }
      }
      return { head: {} };
    },
  };
}

async function volumeNow(
  kv: Pick<Kv, 'get'>,
  volume: RebuildHead['volume'],
  signal: AbortSignal,
): Promise<VolumeRecord | undefined> {
  const entry = await kv.get(volumeKey(volume), { timeoutMs: callTimeoutMs, signal });
  return entry && decodeVolume(entry.value);
}

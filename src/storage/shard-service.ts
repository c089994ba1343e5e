/**
 * The shard store as a node serves it to others. Every head is checked: a peer may be of another
 * version.
 */
import { DftfsError } from '#base/errors.ts';
import { isBlobId, isVolumeId, type VolumeId } from '#base/ids.ts';
import type { BlobInVolume, ShardKey, WireHeldShard } from '#protocol/shards.ts';
import { shardMethods } from '#protocol/shards.ts';
import type { RpcHandlers } from '#rpc/rpc.ts';
import { slotMax, stripeMax } from './shard-key.ts';
import type { ShardStore } from './shard-store.ts';

const keysMax = 10_000;
const listMax = 10_000;
/** Deleted by one call at most. */
const deletesMax = 4096;
const u32Max = 0xffff_ffff;

type Fields = Readonly<Record<string, unknown>>;

const invalid = (what: string) => new DftfsError('invalid_message', `${what} in a shard request.`);

function fields(head: unknown): Fields {
  if (typeof head !== 'object' || head === null) throw invalid('No head');
  return head as Fields;
}

function integer(head: Fields, name: string, max: number): number {
  const value = head[name];
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max) {
    return value;
  }
  throw invalid(`No valid ${name}`);
}

function volumeId(head: Fields): VolumeId {
  const { volume } = head;
  if (typeof volume !== 'string' || !isVolumeId(volume)) throw invalid('No valid volume');
  return volume;
}

function blobInVolume(head: Fields): BlobInVolume {
  const { blob } = head;
  if (typeof blob !== 'string' || !isBlobId(blob)) throw invalid('No valid blob');
  return { volume: volumeId(head), blob };
}

function shardKey(head: Fields): ShardKey {
  return {
    ...blobInVolume(head),
    stripe: integer(head, 'stripe', stripeMax),
    slot: integer(head, 'slot', slotMax),
  };
}

function shardKeys(head: Fields): ShardKey[] {
  const { keys } = head;
  if (!Array.isArray(keys) || keys.length > keysMax) throw invalid('No valid keys');
  return keys.map((key) => shardKey(fields(key)));
}

function blobsInVolumes(head: Fields): BlobInVolume[] {
  const { blobs } = head;
  if (!Array.isArray(blobs) || blobs.length > keysMax) throw invalid('No valid blobs');
  return blobs.map((blob) => blobInVolume(fields(blob)));
}

/** Deletes what the store has of the blobs. True: there may be more. */
async function deleteBlobs(store: ShardStore, blobs: readonly BlobInVolume[]): Promise<boolean> {
  const keys: ShardKey[] = [];
  for (const within of blobs) {
    const left = deletesMax - keys.length;
    if (left === 0) break;
    for (const { key } of store.list(undefined, left, within)) keys.push(key);
  }
  await store.delete(keys);
  return keys.length === deletesMax;
}

/**
 * `isJudged`: the cluster knows what this disk is. Before, it may be an empty one in place of one
 * that wasn't, and what it lacks proves nothing.
 */
export function shardHandlers(store: ShardStore, isJudged: () => boolean): RpcHandlers {
  const checkJudged = () => {
    if (isJudged()) return;
    throw new DftfsError('session_lost', "This node's disk is not known to the cluster yet.");
  };
  return {
    async [shardMethods.write](head, body) {
      const request = fields(head);
      await store.write(shardKey(request), body, integer(request, 'crc', u32Max));
      return { head: {} };
    },
    async [shardMethods.read](head) {
      const request = fields(head);
      const offset = integer(request, 'offset', u32Max);
      const length = integer(request, 'length', u32Max);
      const key = shardKey(request);
      if (!store.has(key)) checkJudged();
      const { body, crc } = await store.read(key, offset, length);
      return { head: { crc }, body };
    },
    async [shardMethods.delete](head) {
      await store.delete(shardKeys(fields(head)));
      return { head: {} };
    },
    async [shardMethods.deleteBlobs](head) {
      return { head: { more: await deleteBlobs(store, blobsInVolumes(fields(head))) } };
    },
    async [shardMethods.list](head) {
      checkJudged();
      const request = fields(head);
      const after = request.after == null ? undefined : shardKey(fields(request.after));
      const limit = integer(request, 'limit', listMax);
      const shards = store
        .list(after, limit, { volume: volumeId(request) })
        .map(({ key, length }): WireHeldShard => [key.blob, key.stripe, key.slot, length]);
      return { head: { shards } };
    },
  };
}

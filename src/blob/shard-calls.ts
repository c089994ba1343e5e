/** The shard service of any node, this one included, as this room calls it. */
import type { BlobId, NodeId, VolumeId } from '#base/ids.ts';
import type {
  BlobInVolume,
  HeldShard,
  ShardBytes,
  ShardCallOptions,
  ShardKey,
} from '#protocol/shards.ts';
import type { StripeShard } from '#protocol/upkeep.ts';
import type { Body } from '#rpc/rpc.ts';

export interface ShardCalls {
  write(
    node: NodeId,
    key: ShardKey,
    body: Body,
    crc: number,
    options: ShardCallOptions,
  ): Promise<void>;
  read(
    node: NodeId,
    key: ShardKey,
    offset: number,
    length: number,
    options: ShardCallOptions,
  ): Promise<ShardBytes>;
  delete(node: NodeId, keys: readonly ShardKey[], options: ShardCallOptions): Promise<void>;
  /** True: there is more to delete, call again. */
  deleteBlobs(
    node: NodeId,
    blobs: readonly BlobInVolume[],
    options: ShardCallOptions,
  ): Promise<boolean>;
  /** Has the node fetch what it lacks of a blob's stripes in its slot of the volume. */
  rebuild(
    node: NodeId,
    blob: BlobInVolume,
    stripes: readonly StripeShard[],
    options: ShardCallOptions,
  ): Promise<void>;
  /**
   * Those of the blobs, written by the node in its session, that it has done with: whether they
   * have a name, the names tell.
   */
  settled(
    node: NodeId,
    blobs: readonly BlobId[],
    options: ShardCallOptions,
  ): Promise<ReadonlySet<BlobId>>;
  /** What the node holds of a volume, from after a key on; fewer than `limit`: that was all. */
  list(
    node: NodeId,
    volume: VolumeId,
    after: ShardKey | undefined,
    limit: number,
    options: ShardCallOptions,
  ): Promise<readonly HeldShard[]>;
}

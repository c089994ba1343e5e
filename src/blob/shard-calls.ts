/** The shard service of any node, this one included, as this room calls it. */
import type { NodeId } from '#base/ids.ts';
import type { ShardBytes, ShardCallOptions, ShardKey } from '#protocol/shards.ts';
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
}

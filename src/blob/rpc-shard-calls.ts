/** Shard calls over node-to-node RPC. */
import { DftfsError } from '#base/errors.ts';
import type { VolumeId } from '#base/ids.ts';
import {
  type DeleteBlobsReply,
  type HeldShard,
  type ListShardsReply,
  type ShardBodyHead,
  shardMethods,
  type WireHeldShard,
} from '#protocol/shards.ts';
import { type SettledReply, upkeepMethods } from '#protocol/upkeep.ts';
import type { RpcClient } from '#rpc/rpc.ts';
import type { ShardCalls } from './shard-calls.ts';

export function createRpcShardCalls(rpc: Pick<RpcClient, 'call'>): ShardCalls {
  return {
    async write(node, key, body, crc, options) {
      await rpc.call(node, { method: shardMethods.write, head: { ...key, crc }, body }, options);
    },
    async read(node, key, offset, length, options) {
      const head = { ...key, offset, length };
      const answer = await rpc.call(node, { method: shardMethods.read, head }, options);
      return { body: answer.body, crc: crcOf(answer.head) };
    },
    async delete(node, keys, options) {
      await rpc.call(node, { method: shardMethods.delete, head: { keys } }, options);
    },
    async deleteBlobs(node, blobs, options) {
      const request = { method: shardMethods.deleteBlobs, head: { blobs } };
      const { head } = await rpc.call(node, request, options);
      return (head as Partial<DeleteBlobsReply> | null)?.more === true;
    },
    async rebuild(node, blob, shards, options) {
      await rpc.call(node, { method: upkeepMethods.rebuild, head: { ...blob, shards } }, options);
    },
    async settled(node, blobs, options) {
      const request = { method: upkeepMethods.settled, head: { blobs } };
      const { head } = await rpc.call(node, request, options);
      const settled = (head as Partial<SettledReply> | null)?.settled;
      return new Set(Array.isArray(settled) ? settled : []);
    },
    async list(node, volume, after, limit, options) {
      const request = { method: shardMethods.list, head: { volume, after: after ?? null, limit } };
      const { head } = await rpc.call(node, request, options);
      return heldShards(head, volume);
    },
  };
}

function heldShards(head: unknown, volume: VolumeId): HeldShard[] {
  const shards = (head as Partial<ListShardsReply> | null)?.shards;
  if (!Array.isArray(shards)) {
    throw new DftfsError('invalid_message', 'A node sent no list of the shards it holds.');
  }
  return (shards as readonly WireHeldShard[]).map(([blob, stripe, slot, length]) => ({
    key: { volume, blob, stripe, slot },
    length,
  }));
}

function crcOf(head: unknown): number {
  const crc = (head as Partial<ShardBodyHead> | null)?.crc;
  if (typeof crc === 'number') return crc;
  throw new DftfsError('invalid_message', 'A node sent the bytes of a shard without their CRC.');
}

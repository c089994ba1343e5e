/** Shard calls over node-to-node RPC. */
import { DftfsError } from '#base/errors.ts';
import { type ShardBodyHead, shardMethods } from '#protocol/shards.ts';
import type { RpcClient } from '#rpc/rpc.ts';
import type { ShardCalls } from './shard-calls.ts';

export function createRpcShardCalls(rpc: RpcClient): ShardCalls {
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
  };
}

function crcOf(head: unknown): number {
  const crc = (head as Partial<ShardBodyHead> | null)?.crc;
  if (typeof crc === 'number') return crc;
  throw new DftfsError('invalid_message', 'A node sent the bytes of a shard without their CRC.');
}

/**
 * The shard store as a node serves it to others. Every head is checked: a peer may be of another
 * version.
 */
import { DftfsError } from '#base/errors.ts';
import { isBlobId } from '#base/ids.ts';
import type { ShardKey } from '#protocol/shards.ts';
import { shardMethods } from '#protocol/shards.ts';
import type { RpcHandlers } from '#rpc/rpc.ts';
import { slotMax, stripeMax } from './shard-key.ts';
import type { ShardStore } from './shard-store.ts';

const keysMax = 10_000;
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

function shardKey(head: Fields): ShardKey {
  const { blob } = head;
  if (typeof blob !== 'string' || !isBlobId(blob)) throw invalid('No valid blob');
  return {
    blob,
    stripe: integer(head, 'stripe', stripeMax),
    slot: integer(head, 'slot', slotMax),
  };
}

function shardKeys(head: Fields): ShardKey[] {
  const { keys } = head;
  if (!Array.isArray(keys) || keys.length > keysMax) throw invalid('No valid keys');
  return keys.map((key) => shardKey(fields(key)));
}

export function shardHandlers(store: ShardStore): RpcHandlers {
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
      const { body, crc } = await store.read(shardKey(request), offset, length);
      return { head: { crc }, body };
    },
    async [shardMethods.delete](head) {
      await store.delete(shardKeys(fields(head)));
      return { head: {} };
    },
  };
}

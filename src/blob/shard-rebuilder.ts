/**
 * Makes a shard anew: a copy of the one that its present member holds, if that is another node;
 * else a copy of a copy, or decoded from any k of the other members. Asks each once, the readable
 * first, k at a time, and goes on to the next for each that fails. Where those are too few, any
 * other node that lives may still hold what it did as a member: it keeps that until all members
 * hold theirs.
 */
import type { NodeId } from '#base/ids.ts';
import type { ClusterMap } from '#cluster/cluster-map.ts';
import { decodeShard } from '#erasure/reed-solomon.ts';
import type { World } from '#io/world.ts';
import type { HeldShard } from '#protocol/shards.ts';
import { readableSlots, slotInKeys, type VolumeRecord } from '#protocol/volumes.ts';
import type { Body } from '#rpc/rpc.ts';
import { shuffled } from './placement.ts';
import { FetchError, type ShardFetcher } from './shard-fetcher.ts';
import { oneBuffer, TooFewShards } from './stripe-gather.ts';
import { crcOf } from './stripe-sender.ts';

export interface RebuiltShard {
  readonly body: Body;
  readonly crc: number;
}

export interface ShardRebuilderDeps {
  readonly fetcher: ShardFetcher;
  readonly map: Pick<ClusterMap, 'isLive' | 'nodes'>;
  readonly world: Pick<World, 'random'>;
}

export interface ShardRebuilder {
  /**
   * The shard in `slot` of the volume, of the stripe that `held`, in any slot, is of. Rejects with
   * TooFewShards.
   */
  rebuild(
    volume: VolumeRecord,
    slot: number,
    held: HeldShard,
    signal: AbortSignal,
  ): Promise<RebuiltShard>;
}

export function createShardRebuilder(deps: ShardRebuilderDeps): ShardRebuilder {
  return {
    async rebuild(volume, slot, held, signal) {
      const { code } = volume;
      const whole = await fetchWhole(deps, volume, slot, held, signal);
      if (whole !== undefined) return { body: whole, crc: crcOf(whole) };
      const bodies = await gather(deps, volume, slot, held, signal);
      const body = code.k === 1 ? [...bodies.values()][0] : bodies.get(slot);
      if (body !== undefined) return { body, crc: crcOf(body) };
      const others = new Map([...bodies].map(([other, part]) => [other, oneBuffer(part)]));
      const decoded = [decodeShard(code, others, slot)];
      return { body: decoded, crc: crcOf(decoded) };
    },
  };
}

/** The very shard, from the node that this one is to follow; undefined: not to be had there. */
async function fetchWhole(
  { fetcher, map }: ShardRebuilderDeps,
  volume: VolumeRecord,
  slot: number,
  { key, length }: HeldShard,
  signal: AbortSignal,
): Promise<Body | undefined> {
  const member = volume.members[slot] as NodeId;
  const readable = readableSlots(volume, (node) => map.isLive(node)).includes(slot);
  if (member === fetcher.self || !readable) return undefined;
  const shard = { ...key, slot: slotInKeys(volume.code, slot) };
  return await fetcher.fetch(member, shard, 0, length, signal).catch(() => undefined);
}

/** The same stripe's shards in any k other slots, or the very shard among them. */
async function gather(
  deps: ShardRebuilderDeps,
  volume: VolumeRecord,
  slot: number,
  held: HeldShard,
  signal: AbortSignal,
): Promise<ReadonlyMap<number, Body>> {
  const { fetcher, map, world } = deps;
  const { k } = volume.code;
  const readable = new Set(readableSlots(volume, (node) => map.isLive(node)));
  const others = [...volume.members.keys()].filter((other) => other !== slot);
  const order = shuffled(others, () => world.random.float());
  order.sort((a, b) => Number(readable.has(b)) - Number(readable.has(a)));
  const got = new Map<number, Body>();
  let damaged = 0;
  const fetchNext = async (): Promise<void> => {
    for (let other = order.shift(); other !== undefined; other = order.shift()) {
      const node = volume.members[other] as NodeId;
      const key = { ...held.key, slot: slotInKeys(volume.code, other) };
      try {
        got.set(other, await fetcher.fetch(node, key, 0, held.length, signal));
        return;
      } catch (error) {
        if (error instanceof FetchError && error.failure === 'damaged') damaged += 1;
      }
    }
  };
  await Promise.all(Array.from({ length: k }, fetchNext));
  if (got.size < k) await askFormerMembers(deps, volume, slot, held, got, signal);
  if (got.size < k && !got.has(slot)) throw new TooFewShards(others.length - damaged < k);
  return got;
}

/** Nobody notes who they are, so all are asked who may be, until what is in `got` is enough. */
async function askFormerMembers(
  { fetcher, map }: ShardRebuilderDeps,
  volume: VolumeRecord,
  slot: number,
  { key, length }: HeldShard,
  got: Map<number, Body>,
  signal: AbortSignal,
): Promise<void> {
  const { code, members } = volume;
  const slots = code.k === 1 ? [slot] : [...members.keys()].filter((other) => !got.has(other));
  for (const { id } of map.nodes()) {
    if (members.includes(id) || !map.isLive(id)) continue;
    for (const other of slots) {
      if (got.size >= code.k || got.has(slot)) return;
      if (got.has(other)) continue;
      const shard = { ...key, slot: slotInKeys(code, other) };
      const body = await fetcher.fetch(id, shard, 0, length, signal).catch(() => undefined);
      if (body !== undefined) got.set(other, body);
    }
  }
}

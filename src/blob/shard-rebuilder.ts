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
import { formerHolders } from './former-members.ts';
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
      const search = new Search(deps, volume, slot, held, signal);
      const isFound =
        (await search.askPresentMember()) ||
        (await search.askOtherMembers()) ||
        (await search.askFormerMembers());
      if (!isFound) throw new TooFewShards(search.isHopeless);
      const body = search.made();
      return { body, crc: crcOf(body) };
    },
  };
}

/** For one shard: what was got of its stripe so far, by slot. Each way of asking says: enough. */
class Search {
  readonly #deps: ShardRebuilderDeps;
  readonly #volume: VolumeRecord;
  readonly #slot: number;
  readonly #held: HeldShard;
  readonly #signal: AbortSignal;
  readonly #got = new Map<number, Body>();
  /** Nodes of which nobody knows whether they have what they were asked for. */
  readonly #silent = new Set<NodeId>();
  #isPresentSilent = false;

  constructor(
    deps: ShardRebuilderDeps,
    volume: VolumeRecord,
    slot: number,
    held: HeldShard,
    signal: AbortSignal,
  ) {
    this.#deps = deps;
    this.#volume = volume;
    this.#slot = slot;
    this.#held = held;
    this.#signal = signal;
  }

  /** Those who have said nothing could not make it enough either. */
  get isHopeless(): boolean {
    const found = this.#got.size + this.#silent.size;
    return !this.#isPresentSilent && found < this.#volume.code.k;
  }

  /** The very shard, from the node that this one is to follow. */
  async askPresentMember(): Promise<boolean> {
    const { fetcher, map } = this.#deps;
    const { members, rebuilding } = this.#volume;
    const member = members[this.#slot] as NodeId;
    if (member === fetcher.self || rebuilding.includes(this.#slot)) return false;
    if (map.isLive(member)) await this.#ask(member, this.#slot);
    else this.#silent.add(member);
    this.#isPresentSilent = this.#silent.has(member);
    return this.#isEnough();
  }

  /** The same stripe's shards in any k other slots. */
  async askOtherMembers(): Promise<boolean> {
    const { map, world } = this.#deps;
    const { code, members } = this.#volume;
    const readable = new Set(readableSlots(this.#volume, (node) => map.isLive(node)));
    const others = [...members.keys()].filter((other) => other !== this.#slot);
    const order = shuffled(others, () => world.random.float());
    order.sort((a, b) => Number(readable.has(b)) - Number(readable.has(a)));
    const askNext = async (): Promise<void> => {
      for (let other = order.shift(); other !== undefined; other = order.shift()) {
        if (await this.#ask(members[other] as NodeId, other)) return;
      }
    };
    await Promise.all(Array.from({ length: code.k }, askNext));
    return this.#isEnough();
  }

  async askFormerMembers(): Promise<boolean> {
    for (const { node, slot } of formerHolders(this.#deps.map, this.#volume)) {
      if (!this.#got.has(slot)) await this.#ask(node, slot);
      if (this.#isEnough()) return true;
    }
    return false;
  }

  /** Once it is enough. */
  made(): Body {
    const { code } = this.#volume;
    const body = code.k === 1 ? [...this.#got.values()][0] : this.#got.get(this.#slot);
    if (body !== undefined) return body;
    const others = new Map([...this.#got].map(([slot, part]) => [slot, oneBuffer(part)]));
    return [decodeShard(code, others, this.#slot)];
  }

  #isEnough(): boolean {
    return this.#got.size >= this.#volume.code.k || this.#got.has(this.#slot);
  }

  async #ask(node: NodeId, slot: number): Promise<boolean> {
    const key = { ...this.#held.key, slot: slotInKeys(this.#volume.code, slot) };
    const { length } = this.#held;
    try {
      this.#got.set(slot, await this.#deps.fetcher.fetch(node, key, 0, length, this.#signal));
      return true;
    } catch (error) {
      const isKnown = error instanceof FetchError && error.failure === 'damaged';
      if (!isKnown) this.#silent.add(node);
      return false;
    }
  }
}

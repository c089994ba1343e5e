/** Sends one stripe to all members of a volume, and says who is to blame when that fails. */
import { crc32 } from 'node:zlib';
import { isCode } from '#base/errors.ts';
import type { BlobId, NodeId } from '#base/ids.ts';
import type { ClusterMap, Session } from '#cluster/cluster-map.ts';
import { encodeStripe, shardBytes } from '#erasure/reed-solomon.ts';
import type { World } from '#io/world.ts';
import type { ShardKey } from '#protocol/shards.ts';
import { type Code, slotInKeys, type VolumeRecord } from '#protocol/volumes.ts';
import type { Body } from '#rpc/rpc.ts';
import { type DeadlineBounds, Pace } from './pace.ts';
import type { ShardCalls } from './shard-calls.ts';
import type { BufferPool, StripeContent } from './stripe-cutter.ts';
import type { VolumePicker } from './volume-picker.ts';

export interface StripeSenderDeps {
  readonly shards: ShardCalls;
  readonly map: ClusterMap;
  readonly session: Session;
  readonly picker: VolumePicker;
  readonly pool: BufferPool;
  readonly world: Pick<World, 'clock' | 'timers'>;
}

export interface StripeSenderOptions {
  /** For one shard to become durable; adapts in between. */
  readonly deadline: DeadlineBounds;
  /** Our own connections are full: try again after this. */
  readonly overloadPauseMs: number;
  readonly overloadPatienceMs: number;
}

interface Shard {
  readonly body: Body;
  readonly crc: number;
}

export class StripeSender {
  readonly #deps: StripeSenderDeps;
  readonly #options: StripeSenderOptions;
  readonly #pace = new Pace();

  constructor(deps: StripeSenderDeps, options: StripeSenderOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  /**
   * Resolves when every shard is durable. Rejects with the first failure; the others may still be
   * under way.
   */
  async send(
    volume: VolumeRecord,
    blob: BlobId,
    stripe: number,
    content: StripeContent,
    signal: AbortSignal,
  ): Promise<void> {
    const { pool } = this.#deps;
    const parity = volume.code.k > 1 && content.buffer ? pool.take() : undefined;
    const shards = shardsOf(volume.code, content, parity);
    await Promise.all(
      volume.members.map((node, slot) => {
        const key = { volume: volume.id, blob, stripe, slot: slotInKeys(volume.code, slot) };
        return this.#sendShard(node, key, shards(slot), signal);
      }),
    );
    // Only now: a call that failed may still hold its bytes.
    if (parity) pool.give(parity);
  }

  async #sendShard(node: NodeId, key: ShardKey, shard: Shard, signal: AbortSignal): Promise<void> {
    const { shards, world } = this.#deps;
    const { deadline, overloadPauseMs, overloadPatienceMs } = this.#options;
    const giveUp = world.clock.now() + overloadPatienceMs;
    for (;;) {
      const started = world.clock.now();
      const timeoutMs = this.#pace.wait(4, deadline);
      try {
        await shards.write(node, key, shard.body, shard.crc, { timeoutMs, signal });
        this.#pace.add(world.clock.now() - started);
        return;
      } catch (error) {
        if (signal.aborted) throw error;
        if (!isCode(error, 'overloaded')) this.#blame(node, error);
        if (!isCode(error, 'overloaded') || world.clock.now() >= giveUp) throw error;
      }
      await world.timers.sleep(overloadPauseMs, signal);
    }
  }

  #blame(node: NodeId, error: unknown): void {
    const { map, picker, session } = this.#deps;
    const isAway = isCode(error, 'peer_unreachable', 'deadline_exceeded');
    if (isAway && node !== session.node) map.suspect(node, error.code);
    else picker.avoid(node, isCode(error, 'store_full') ? 'full' : 'failing');
  }
}

/** `parity`: room for it, where the content lies in a buffer of the pool and is to be coded. */
function shardsOf(
  code: Code,
  content: StripeContent,
  parity: Buffer | undefined,
): (slot: number) => Shard {
  const { body, length } = content;
  if (code.k === 1) {
    const copy = { body, crc: content.crc ?? crcOf(body) };
    return () => copy;
  }
  const size = shardBytes(length, code.k);
  const dataBytes = size * code.k;
  const parityBytes = size * code.m;
  // A small blob, for which no volume of copies was to be had, isn't in one piece yet.
  const room = content.buffer ?? Buffer.concat(body, dataBytes + parityBytes);
  const data = room.subarray(0, dataBytes).fill(0, length);
  const coded = parity?.subarray(0, parityBytes) ?? room.subarray(dataBytes);
  encodeStripe(code, data, coded);
  return (slot) => {
    const from = slot < code.k ? data : coded;
    const start = (slot < code.k ? slot : slot - code.k) * size;
    const bytes = from.subarray(start, start + size);
    return { body: [bytes], crc: crc32(bytes) };
  };
}

export const crcOf = (body: Body): number => body.reduce((crc, part) => crc32(part, crc), 0);

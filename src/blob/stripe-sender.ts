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
    const parity = volume.code.k > 1 ? pool.take() : undefined;
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

function shardsOf(
  code: Code,
  content: StripeContent,
  parity: Buffer | undefined,
): (slot: number) => Shard {
  const { buffer, length } = content;
  if (!parity || !buffer) {
    const copy = { body: content.body, crc: content.crc ?? crcOf(content.body) };
    return () => copy;
  }
  const size = shardBytes(length, code.k);
  const data = buffer.subarray(0, size * code.k);
  data.fill(0, length);
  encodeStripe(code, data, parity.subarray(0, size * code.m));
  return (slot) => {
    const from = slot < code.k ? data : parity;
    const start = (slot < code.k ? slot : slot - code.k) * size;
    const bytes = from.subarray(start, start + size);
    return { body: [bytes], crc: crc32(bytes) };
  };
}

export const crcOf = (body: Body): number => body.reduce((crc, part) => crc32(part, crc), 0);

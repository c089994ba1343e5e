/** What the tests of this room share: a store over a fake disk whose clock and timers they hold. */
import { createCipheriv } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { BlobId, VolumeId } from '#base/ids.ts';
import type { Clock, Timers } from '#io/world.ts';
import { silentLogger } from '#observe/log.ts';
import type { ShardKey } from '#protocol/shards.ts';
import type { CompactionStep } from '#storage/compaction.ts';
import type { HealingShardStore } from '#storage/healing-shard-store.ts';
import { MemoryIndexFactory } from '#storage/memory-index.ts';
import type { ShardStoreDeps, ShardStoreOptions } from '#storage/open-shard-store.ts';
import { openShardStore } from '#storage/open-shard-store.ts';
import { segmentFileName } from '#storage/segment-files.ts';
import type { ShardIndexFactory } from '#storage/shard-index.ts';
import type { ShardStore } from '#storage/shard-store.ts';
import { FakeDisk } from './fake-disk.ts';

/** A small generator of numbers in [0, 1) (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const benchVolume = '00000000000000aa' as VolumeId;

export const shardKey = (number: number, slot = 0): ShardKey => ({
  volume: benchVolume,
  blob: number.toString(16).padStart(32, '0') as BlobId,
  stripe: number % 7,
  slot,
});

/** Bytes that are a shard's own. */
export function shardBody(number: number, length: number): Buffer {
  const seed = Buffer.alloc(16);
  seed.writeUInt32LE(number);
  seed.writeUInt32LE(length, 4);
  return createCipheriv('aes-128-ctr', seed, seed).update(Buffer.alloc(length));
}

/** Timers that run when told to. */
export class ManualTimers implements Timers {
  #waiting = new Set<() => void>();

  after(_ms: number, fn: () => void) {
    this.#waiting.add(fn);
    return { cancel: () => void this.#waiting.delete(fn) };
  }

  sleep(): Promise<void> {
    return new Promise((resolve) => this.after(0, resolve));
  }

  run(): void {
    const due = this.#waiting;
    this.#waiting = new Set();
    for (const fn of due) fn();
  }
}

export class ManualClock implements Clock {
  ms = 0;
  now(): number {
    return this.ms;
  }
  wall(): number {
    return this.ms;
  }
}

export const folder = '/disk/store';
export const segmentPath = (segment: number): string => `${folder}/${segmentFileName(segment)}`;

/** A disk, and the store on it through its lives. */
export class Bench {
  readonly disk: FakeDisk;
  readonly clock = new ManualClock();
  indexFactory: ShardIndexFactory = new MemoryIndexFactory();
  timers = new ManualTimers();
  readonly #random: () => number;

  constructor(random: () => number = () => 0.5) {
    this.#random = random;
    this.disk = new FakeDisk(random);
  }

  /** With a clock and timers of its own unless some are given. */
  open(
    options: Partial<ShardStoreOptions> = {},
    time?: Pick<ShardStoreDeps, 'clock' | 'timers'>,
    opener: typeof HealingShardStore.open = openShardStore,
  ): Promise<ShardStore> {
    this.timers = new ManualTimers();
    const bytes = (count: number) =>
      Buffer.from(Array.from({ length: count }, () => Math.floor(this.#random() * 256)));
    const { disk, indexFactory } = this;
    const { clock, timers } = time ?? this;
    const random = { bytes, float: this.#random };
    const deps: ShardStoreDeps = { disk, clock, timers, random, log: silentLogger, indexFactory };
    const owner = { folder, clusterId: 'cluster-a', nodeId: 'n1' };
    return opener(deps, { ...owner, reserveBytes: 0, ...options });
  }
}

export function put(store: ShardStore, number: number, length: number): Promise<void> {
  const body = shardBody(number, length);
  return store.write(shardKey(number), [body], crc32(body));
}

export async function get(store: ShardStore, number: number, length: number): Promise<Buffer> {
  const { body } = await store.read(shardKey(number), 0, length);
  return Buffer.concat(body);
}

/** Steps until there is nothing more to do; says how it ended. */
export async function compactAll(store: ShardStore): Promise<CompactionStep> {
  const { signal } = new AbortController();
  for (let steps = 0; steps < 10_000; steps++) {
    const step = await store.compactStep(signal);
    if (step !== 'busy') return step;
  }
  throw new Error('the compaction has no end');
}

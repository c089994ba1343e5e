/**
 * Empties the queue of garbage: has the shards of blobs that lost their last name deleted by all
 * who hold them. Done by one node for the cluster; two at a time do no harm, for a blob in the
 * queue is dead for good, deleting is idempotent, and each key changes only as it was read.
 *
 * Waits twice, by its own clock. Before the first pass, so that a read that is under way ends
 * whole, unless the content has only moved: nothing but courtesy. And with the last one as long as
 * the markers of operations stay: a late try of the blob's create, held up on its way, must still
 * find the key that refuses it.
 */
import { asDftfsError } from '#base/errors.ts';
import type { NodeId } from '#base/ids.ts';
import type { ShardCalls } from '#blob/shard-calls.ts';
import type { ClusterMap } from '#cluster/cluster-map.ts';
import type { Clock } from '#io/world.ts';
import type { Kv } from '#kv/kv.ts';
import type { RevisionAges } from '#kv/revision-ages.ts';
import { operationSweepDefaults } from '#namespace/batching/operation-sweep.ts';
import { readBlobFacts, readVolumeRecords } from '#namespace/blob-facts.ts';
import { GarbageQueue, type QueuedBlob } from '#namespace/garbage-queue.ts';
import type { GarbageRecord } from '#namespace/records.ts';
import type { Logger } from '#observe/log.ts';
import type { BlobInVolume } from '#protocol/shards.ts';
import type { Duty } from '../duty.ts';
import { holdersOf } from './holders.ts';
import { callsByNode, type Deletion, planDeletion } from './plan-deletions.ts';

export interface CollectGarbageDeps {
  readonly kv: Pick<Kv, 'range' | 'txn'>;
  readonly shards: Pick<ShardCalls, 'deleteBlobs'>;
  readonly map: Pick<ClusterMap, 'isLive' | 'volume'>;
  readonly clock: Clock;
  readonly ages: Pick<RevisionAges, 'note' | 'standingFor'>;
  readonly log: Logger;
  readonly isCoordinator: () => boolean;
  /** A restored backup of the names is on hold: what they lack may be wanted. */
  readonly isHeld: () => Promise<boolean>;
}

export interface CollectGarbageOptions {
  readonly readGraceMs: number;
  /** From all confirmations to the removal of the key. */
  readonly traceGraceMs: number;
  readonly blobsPerStep: number;
  /** From one walk over the queue to the next, at least. */
  readonly roundMs: number;
  readonly kvTimeoutMs: number;
  readonly deleteTimeoutMs: number;
}

export const collectGarbageDefaults: CollectGarbageOptions = {
  readGraceMs: 60_000,
  traceGraceMs: operationSweepDefaults.ageMs,
  blobsPerStep: 256,
  roundMs: 5000,
  kvTimeoutMs: 3000,
  deleteTimeoutMs: 5000,
};

const pairsPerCallMax = 1024;
/** For one node in one step. A blob that takes more is gone on with later. */
const callsMax = 64;
/**
 * Walks over a long queue in which nothing is due take a tenth of the time; half of it where they
 * are so slow that what becomes due would wait for longer than readers get.
 */
const restPerWalk = 9;

interface Tally {
  blobs: number;
  bytes: number;
  awaitingNodes: number;
}

const nothing = (): Tally => ({ blobs: 0, bytes: 0, awaitingNodes: 0 });

export class CollectGarbage implements Duty {
  readonly name = 'garbage';
  readonly #deps: CollectGarbageDeps;
  readonly #options: CollectGarbageOptions;
  readonly #queue: GarbageQueue;
  #from: string | undefined;
  /** Spent in this round on pages in which nothing was due. */
  #walkedMs = 0;
  #nextRoundMs = 0;
  /** Nodes that failed in this round: not asked again before the next. */
  readonly #failed = new Set<NodeId>();
  #seen = nothing();
  #waiting = nothing();
  #deleted = 0;

  constructor(deps: CollectGarbageDeps, options: Partial<CollectGarbageOptions> = {}) {
    this.#deps = deps;
    this.#options = { ...collectGarbageDefaults, ...options };
    this.#queue = new GarbageQueue(deps.kv);
  }

  /**
   * `waiting`: blobs whose shards aren't all deleted, as of the last walk of this node, and those
   * of them that wait for nodes to return. `deleted`: by this process.
   */
  progress() {
    return { waiting: this.#waiting, deleted: this.#deleted };
  }

  /** After an error the next call does the same page again. */
  async step(signal: AbortSignal): Promise<'busy' | 'idle'> {
    const { clock, isCoordinator, isHeld } = this.#deps;
    const now = clock.now();
    if (!isCoordinator() || now < this.#nextRoundMs || (await isHeld())) return 'idle';
    if (this.#from === undefined) this.#beginRound();
    const options = { timeoutMs: this.#options.kvTimeoutMs, signal };
    const page = await this.#queue.page(this.#from, this.#options.blobsPerStep, options);
    this.#deps.ages.note(page.revision, clock.now());
    for (const key of page.damaged) this.#deps.log.error('garbage not understood', { key });
    const due = this.#due(page.blobs);
    if (due.length > 0) await this.#collect(due, signal);
    else this.#walkedMs += clock.now() - now;
    this.#count(page.blobs);
    this.#from = page.next;
    if (page.next !== undefined) return 'busy';
    this.#endRound(clock.now());
    return 'idle';
  }

  #beginRound(): void {
    this.#walkedMs = 0;
    this.#failed.clear();
    this.#seen = nothing();
  }

  #endRound(now: number): void {
    this.#waiting = this.#seen;
    const { roundMs, readGraceMs } = this.#options;
    const restMsMax = Math.max(readGraceMs, this.#walkedMs);
    const restMs = Math.min(restPerWalk * this.#walkedMs, restMsMax);
    this.#nextRoundMs = now + Math.max(roundMs, restMs);
  }

  #count(blobs: readonly QueuedBlob[]): void {
    const waiting = blobs.filter(({ record }) => record.awaited?.length !== 0);
    this.#seen.blobs += waiting.length;
    this.#seen.bytes += waiting.reduce((sum, { record }) => sum + record.size, 0);
    this.#seen.awaitingNodes += waiting.filter(({ record }) => record.awaited).length;
  }

  #due(blobs: readonly QueuedBlob[]): QueuedBlob[] {
    const { clock, ages } = this.#deps;
    const now = clock.now();
    const readable = ages.standingFor(this.#options.readGraceMs, now);
    const traced = ages.standingFor(this.#options.traceGraceMs, now);
    return blobs.filter(({ record, revision }) => {
      if (record.awaited === undefined) return record.isMoved || revision <= readable;
      if (record.awaited.length === 0) return revision <= traced;
      return record.awaited.some((node) => this.#canAsk(node) || !this.#isHolder(node, record));
    });
  }

  #canAsk(node: NodeId): boolean {
    return this.#deps.map.isLive(node) && !this.#failed.has(node);
  }

  /** As far as the map knows: only to spare the trouble of looking. */
  #isHolder(node: NodeId, { extents }: GarbageRecord): boolean {
    const volumes = extents.flatMap(({ volume }) => this.#deps.map.volume(volume) ?? []);
    return volumes.some(({ record }) => holdersOf(record).includes(node));
  }

  async #collect(due: readonly QueuedBlob[], signal: AbortSignal): Promise<void> {
    const options = { timeoutMs: this.#options.kvTimeoutMs, signal };
    const unnamed = await this.#withoutName(due, signal);
    const ids = unnamed.flatMap(({ record }) => record.extents.map(({ volume }) => volume));
    const volumes = await readVolumeRecords(this.#deps.kv, ids, options);
    const canAsk = (node: NodeId) => this.#canAsk(node);
    const deletions = unnamed.flatMap((queued) => planDeletion(queued, volumes, canAsk) ?? []);
    const calls = callsByNode(deletions, pairsPerCallMax);
    await Promise.all([...calls].map(([node, some]) => this.#ask(node, some, signal)));
    await this.#settle(deletions, signal);
  }

  /** There is none with a name; deleting it would be the worst that could happen. */
  async #withoutName(due: readonly QueuedBlob[], signal: AbortSignal): Promise<QueuedBlob[]> {
    const options = { timeoutMs: this.#options.kvTimeoutMs, signal };
    const blobs = due.map(({ blob }) => blob);
    const facts = await readBlobFacts(this.#deps.kv, blobs, options);
    return due.filter(({ blob }) => {
      const path = facts.get(blob)?.path;
      if (path === undefined) return true;
      this.#deps.log.error('a blob in the queue of garbage has a name', { blob, path });
      return false;
    });
  }

  async #ask(
    node: NodeId,
    calls: readonly (readonly BlobInVolume[])[],
    signal: AbortSignal,
  ): Promise<void> {
    const options = { timeoutMs: this.#options.deleteTimeoutMs, signal };
    try {
      let left = callsMax;
      for (const blobs of calls) {
        for (let more = true; more; left--) {
          if (left === 0) return void this.#failed.add(node);
          more = await this.#deps.shards.deleteBlobs(node, blobs, options);
        }
      }
    } catch (error) {
      this.#failed.add(node);
      const { code, message } = asDftfsError(error);
      this.#deps.log.info('garbage stays on a node for now', { node, code, message });
    }
  }

  async #settle(deletions: readonly Deletion[], signal: AbortSignal): Promise<void> {
    const options = { timeoutMs: this.#options.kvTimeoutMs, signal };
    const confirmed: QueuedBlob[] = [];
    const changed: QueuedBlob[] = [];
    for (const { queued, isLast, asked, away } of deletions) {
      const awaited = [...away, ...[...asked.keys()].filter((node) => this.#failed.has(node))];
      if (isLast && awaited.length === 0) confirmed.push(queued);
      if (isLast || awaited.length === queued.record.awaited?.length) continue;
      changed.push({ ...queued, record: { ...queued.record, awaited } });
    }
    await this.#queue.remove(confirmed, options);
    await this.#queue.update(changed, options);
    this.#deleted += changed.filter(({ record }) => record.awaited?.length === 0).length;
  }
}

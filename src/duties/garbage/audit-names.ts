/**
 * Goes through all names, slowly, and looks whether this node holds what they say it does. What is
 * missing is handed on to be rebuilt: it was lost behind the index's back, or a repair overlooked
 * it.
 */
import type { NodeId } from '#base/ids.ts';
import { shardLength, stripeRanges } from '#blob/stripes.ts';
import type { Clock } from '#io/world.ts';
import type { CallOptions, Kv } from '#kv/kv.ts';
import {
  readFilePage,
  readFiles,
  readVolumeRecords,
  type VolumeRecords,
} from '#namespace/blob-facts.ts';
import type { FileEntry } from '#namespace/records.ts';
import type { Logger } from '#observe/log.ts';
import type { HeldShard } from '#protocol/shards.ts';
import { slotInKeys, type VolumeRecord } from '#protocol/volumes.ts';
import type { ShardStore } from '#storage/shard-store.ts';
import { Allowance } from '../allowance.ts';
import type { Duty } from '../duty.ts';
import type { RebuildQueue } from '../scrub/rebuild-queue.ts';

export interface AuditNamesDeps {
  readonly self: NodeId;
  readonly kv: Pick<Kv, 'range' | 'txn'>;
  readonly store: Pick<ShardStore, 'has'>;
  readonly rebuild: Pick<RebuildQueue, 'add'>;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface AuditNamesOptions {
  readonly namesPerPage: number;
  readonly namesPerSecondMax: number;
  /** Shards looked for in one step. */
  readonly shardsPerStep: number;
  /** From the end of one round to the next, unless it is asked for. */
  readonly roundPauseMs: number;
  readonly kvTimeoutMs: number;
}

export const auditNamesDefaults: AuditNamesOptions = {
  namesPerPage: 500,
  namesPerSecondMax: 500,
  shardsPerStep: 4096,
  roundPauseMs: 10 * 60_000,
  kvTimeoutMs: 3000,
};

interface Found {
  readonly names: number;
  /** Names whose record can't be understood. */
  readonly damaged: number;
  readonly missing: number;
}

const nothing: Found = { names: 0, damaged: 0, missing: 0 };

/** A shard that this node must hold by this file's record and its volume's. */
interface Due extends HeldShard {
  readonly file: FileEntry;
}

export class AuditNames implements Duty {
  readonly name = 'audit of names';
  readonly #deps: AuditNamesDeps;
  readonly #options: AuditNamesOptions;
  readonly #allowance: Allowance;
  /** Where the next page begins; undefined: no round is under way. */
  #from: string | undefined;
  /** What is left of the page. */
  #due: Iterator<Due, void> | undefined;
  #next: string | undefined;
  #nextRoundMs = 0;
  #isRequested = false;
  /** Seen missing in this step, and not confirmed yet. */
  #missing: Due[] = [];
  #found: Found = nothing;
  #lastRound: (Found & { readonly endedAtMs: number }) | undefined;

  constructor(deps: AuditNamesDeps, options: Partial<AuditNamesOptions> = {}) {
    this.#deps = deps;
    this.#options = { ...auditNamesDefaults, ...options };
    this.#allowance = new Allowance(deps.clock, this.#options.namesPerSecondMax);
  }

  /** A round that begins later than this call is wanted soon. */
  request(): void {
    this.#isRequested = true;
  }

  /** What was found so far in this round, and in the last; the time is this node's wall clock's. */
  progress() {
    return { ...this.#found, lastRound: this.#lastRound };
  }

  /** After an error the next call goes on with the same page. */
  async step(signal: AbortSignal): Promise<'busy' | 'idle'> {
    const options = { timeoutMs: this.#options.kvTimeoutMs, signal };
    if (this.#due === undefined) {
      const isUnderWay = this.#from !== undefined;
      const isTime = this.#isRequested || this.#deps.clock.now() >= this.#nextRoundMs;
      if (!this.#allowance.isLeft || !(isUnderWay || isTime)) return 'idle';
      if (!isUnderWay) this.#beginRound();
      await this.#takePage(options);
    }
    const isMore = this.#missing.length > 0 || this.#look();
    await this.#confirm(options);
    if (isMore) return 'busy';
    this.#due = undefined;
    this.#from = this.#next;
    if (this.#from !== undefined) return 'busy';
    this.#endRound();
    return 'idle';
  }

  #beginRound(): void {
    this.#isRequested = false;
    // Due until it has ended, should its first page not be had now.
    this.#nextRoundMs = 0;
    this.#found = nothing;
  }

  #endRound(): void {
    const { clock, log } = this.#deps;
    const found = this.#found;
    this.#lastRound = { endedAtMs: clock.wall(), ...found };
    this.#nextRoundMs = clock.now() + this.#options.roundPauseMs;
    if (found.damaged > 0) log.error('records of files are not understood', { ...found });
    if (found.missing > 0) log.warn('shards are missing; they are rebuilt', { ...found });
  }

  async #takePage(options: CallOptions): Promise<void> {
    const { kv } = this.#deps;
    const page = await readFilePage(kv, this.#from, this.#options.namesPerPage, options);
    this.#allowance.spend(page.files.length);
    const { names, damaged, missing } = this.#found;
    this.#found = { names: names + page.files.length, damaged: damaged + page.damaged, missing };
    const ids = page.files.flatMap(({ record }) => record.extents.map(({ volume }) => volume));
    const volumes = await readVolumeRecords(kv, ids, options);
    this.#next = page.next;
    this.#due = this.#dueOf(page.files, volumes);
  }

  *#dueOf(files: readonly FileEntry[], volumes: VolumeRecords): Generator<Due, void> {
    for (const file of files) {
      const { blob } = file.record;
      for (const { stripe } of stripeRanges(file.record, 0, file.record.size)) {
        const volume = volumes.get(stripe.volume);
        if (volume === undefined || volume === 'damaged') continue;
        const slot = this.#ownSlot(volume);
        if (slot === undefined) continue;
        const key = { volume: volume.id, blob, stripe: stripe.number, slot };
        yield { file, key, length: shardLength(stripe, volume.code) };
      }
    }
  }

  /** As shard keys name it; undefined: this node isn't a member that holds everything. */
  #ownSlot({ code, members, rebuilding }: VolumeRecord): number | undefined {
    const slot = members.indexOf(this.#deps.self);
    return slot < 0 || rebuilding.includes(slot) ? undefined : slotInKeys(code, slot);
  }

  /** One step's worth of looking. False: that was the rest of the page. */
  #look(): boolean {
    for (let left = this.#options.shardsPerStep; left > 0; left--) {
      const next = this.#due?.next();
      if (next === undefined || next.done) return false;
      if (!this.#deps.store.has(next.value.key)) this.#missing.push(next.value);
    }
    return true;
  }

  /**
   * The file may have been removed since, or the slot have become another's: nothing is to be
   * rebuilt that nobody has a name for.
   */
  async #confirm(options: CallOptions): Promise<void> {
    if (this.#missing.length === 0) return;
    const { kv, store, rebuild } = this.#deps;
    const paths = new Set(this.#missing.map(({ file }) => file.path));
    const files = await readFiles(kv, paths, options);
    const ids = this.#missing.map(({ key }) => key.volume);
    const volumes = await readVolumeRecords(kv, ids, options);
    for (const { file, key, length } of this.#missing) {
      const volume = volumes.get(key.volume);
      const isNamed = files.get(file.path)?.record.blob === key.blob;
      if (!isNamed || volume === undefined || volume === 'damaged') continue;
      if (this.#ownSlot(volume) !== key.slot || store.has(key)) continue;
      this.#found = { ...this.#found, missing: this.#found.missing + 1 };
      rebuild.add({ key, length });
    }
    this.#missing = [];
  }
}

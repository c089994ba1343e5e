/**
 * Gives the space of deleted shards back: copies what is alive of a complete segment to the end of
 * the log, makes sure that the index is durable, then deletes the file. Each copy is an ordinary
 * record of the same shard, so a crash at any moment leaves one sound record or two; done again, it
 * finds what was copied dead.
 *
 * Nothing is deleted on the word of the index alone, for it may be damaged: a segment goes when the
 * tally says that nothing lives there, and a look at all its records finds none that does.
 *
 * A damaged record isn't copied and never deleted, for its sound blocks may be the last. It holds
 * its segment back until it is written anew or deleted.
 *
 * Tombstones aren't copied. An index that is made anew may then bring a deleted shard back, when
 * its record wasn't compacted yet. It does no harm, since names decide what exists, and goes with
 * the next comparison of shards and names.
 */
import { isCode } from '#base/errors.ts';
import type { Clock } from '#io/world.ts';
import type { Logger } from '#observe/log.ts';
import type { Fence } from './fence.ts';
import type { FreeSpace } from './free-space.ts';
import type { IndexWriter } from './index-writer.ts';
import { planCompaction, type SegmentUse } from './plan-compaction.ts';
import type { Quarantine } from './quarantine.ts';
import type { SegmentFiles } from './segment-files.ts';
import type { NewRecord, SegmentLog } from './segment-log.ts';
import type { SegmentReader } from './segment-reader.ts';
import { scanSegment } from './segment-scanner.ts';
import type { RecordHeader } from './shard-record.ts';

const MiB = 1024 * 1024;
/** One step copies about as much, */
const stepBytes = 4 * MiB;
/** or looks at as many records, */
const stepRecords = 4096;
/** or entries of the index. */
const stepEntries = 1024;
/** The store is settled when so long no byte of it has died. */
const settledMs = 30_000;

/** 'no_room': something could be won back, but the copies would find no room. */
export type CompactionStep = 'busy' | 'idle' | 'no_room';

export interface CompactionStats {
  readonly state: CompactionStep;
  /** The segment being compacted. */
  readonly segment: number | undefined;
  /** Since the store was opened. */
  readonly movedBytes: number;
  readonly freedBytes: number;
  /** Segments that damaged records hold back. */
  readonly heldSegments: number;
}

export interface CompactionDeps {
  readonly files: SegmentFiles;
  readonly index: IndexWriter;
  readonly segments: SegmentLog;
  readonly reader: SegmentReader;
  readonly quarantine: Quarantine;
  readonly fence: Fence;
  readonly space: FreeSpace;
  readonly clock: Clock;
  readonly log: Logger;
  readonly salt: number;
}

interface Work {
  readonly segment: number;
  /** Everything before it was looked at. */
  offset: number;
  /** Set when all of it was, and something should live there still. */
  search: Search | undefined;
}

interface Search {
  after: string | undefined;
  /** Keys that the index has in the segment. */
  readonly found: string[];
}

export class Compaction {
  readonly #deps: CompactionDeps;
  readonly #held = new Set<number>();
  /** Of the whole store, when last looked at, and since when. */
  readonly #dead = { bytes: 0, sinceMs: 0 };
  #work: Work | undefined;
  #state: CompactionStep = 'idle';
  #movedBytes = 0;
  #freedBytes = 0;
  #running: Promise<CompactionStep> | undefined;
  #isClosed = false;

  constructor(deps: CompactionDeps) {
    this.#deps = deps;
  }

  get stats(): CompactionStats {
    return {
      state: this.#state,
      segment: this.#work?.segment,
      movedBytes: this.#movedBytes,
      freedBytes: this.#freedBytes,
      heldSegments: this.#held.size,
    };
  }

  /** One bounded unit. Steps don't overlap: who asks meanwhile waits for the same one. */
  async step(signal: AbortSignal): Promise<CompactionStep> {
    this.#running ??= this.#step(signal).finally(() => {
      this.#running = undefined;
    });
    this.#state = await this.#running;
    return this.#state;
  }

  /** Resolves when no step is under way, and none will begin. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#running?.catch(() => {});
  }

  async #step(signal: AbortSignal): Promise<CompactionStep> {
    const { fence } = this.#deps;
    if (this.#isClosed || fence.reason !== undefined) return 'idle';
    try {
      if (this.#work === undefined) return await this.#choose();
      const isDone = await this.#continue(this.#work, signal);
      if (isDone) this.#work = undefined;
      return 'busy';
    } catch (error) {
      if (isCode(error, 'overloaded')) return 'busy';
      const work = this.#work;
      this.#work = undefined;
      if (isCode(error, 'store_full')) return 'no_room';
      if (isCode(error, 'store_fenced')) return 'idle';
      if (work !== undefined) this.#hold(work.segment, 'it can not be read', error);
      return 'busy';
    }
  }

  async #choose(): Promise<CompactionStep> {
    const { files, index, segments, space } = this.#deps;
    await space.refresh();
    const { segment: last } = segments.tail;
    const use = (segment: number) => ({
      segment,
      bytes: files.size(segment) ?? 0,
      liveBytes: index.tallies.get(segment)?.liveRecordBytes ?? 0,
    });
    for (const segment of this.#held) if (use(segment).liveBytes === 0) this.#held.delete(segment);
    const isCandidate = (segment: number) => segment < last && !this.#held.has(segment);
    const plan = planCompaction({
      isSettled: this.#isSettled(files.numbers.map(use)),
      sealed: files.numbers.filter(isCandidate).map(use),
      tail: use(last),
      roomBytes: space.room('upkeep'),
      isTight: space.isTight(),
    });
    if (plan.kind === 'nothing') return 'idle';
    if (plan.kind === 'no_room') return 'no_room';
    if (plan.kind === 'seal') await segments.seal();
    else this.#work = { segment: plan.segment, offset: 0, search: undefined };
    return 'busy';
  }

  #isSettled(uses: readonly SegmentUse[]): boolean {
    const now = this.#deps.clock.now();
    const bytes = uses.reduce((sum, { bytes, liveBytes }) => sum + bytes - liveBytes, 0);
    if (bytes !== this.#dead.bytes) Object.assign(this.#dead, { bytes, sinceMs: now });
    return now - this.#dead.sinceMs >= settledMs;
  }

  async #continue(work: Work, signal: AbortSignal): Promise<boolean> {
    if (work.search !== undefined) return this.#searchOn(work.segment, work.search);
    if (!(await this.#move(work, signal))) return false;
    if (this.#liveShards(work.segment) === 0) {
      await this.#remove(work.segment);
      return true;
    }
    work.search = { after: undefined, found: [] };
    return false;
  }

  #liveShards(segment: number): number {
    return this.#deps.index.tallies.get(segment)?.liveShards ?? 0;
  }

  /** Copies the next few live records; true when all records were looked at. */
  async #move(work: Work, signal: AbortSignal): Promise<boolean> {
    const { files, segments, salt } = this.#deps;
    const { segment, offset: from } = work;
    const to = files.size(segment) ?? 0;
    const copies: NewRecord[] = [];
    let bytes = 0;
    let records = 0;
    let offset = from;
    await files.use(segment, async (file) => {
      for await (const found of scanSegment(file, { segment, salt, from, to, bodies: false })) {
        const copy = found.header && (await this.#copyOf(found.header));
        if (copy !== undefined) {
          copies.push(copy);
          bytes += found.end - found.offset;
        }
        offset = found.end;
        records++;
        const isEnough = bytes >= stepBytes || records >= stepRecords;
        if (isEnough || signal.aborted || this.#isClosed) break;
      }
    });
    await Promise.all(copies.map(async (copy) => segments.append(copy)));
    this.#movedBytes += bytes;
    work.offset = offset;
    return offset >= to;
  }

  /** Undefined unless the record is alive and sound. */
  async #copyOf(header: RecordHeader): Promise<NewRecord | undefined> {
    const { index, reader } = this.#deps;
    const { kind, key, segment, offset, length, crc, blocks } = header;
    const place = { segment, offset, length };
    if (kind !== 'shard' || !index.isAt(key, place)) return undefined;
    try {
      const { body } = await reader.verify(key, place);
      const crcs = { whole: crc, blocks };
      return { kind, key, body, crcs, purpose: 'upkeep', movedFrom: place };
    } catch (error) {
      if (isCode(error, 'shard_corrupt')) return undefined;
      throw error;
    }
  }

  /** Only when no crash can bring the index back to a state that needs the file. */
  async #remove(segment: number): Promise<void> {
    const { files, index, segments, fence, space, log } = this.#deps;
    const bytes = files.size(segment) ?? 0;
    index.advance(segments.tail);
    await index.commit();
    fence.check();
    try {
      await files.remove(segment);
    } catch (error) {
      fence.trip('a segment could not be removed', error);
      throw fence.error(error);
    }
    index.forget(segment);
    space.gain();
    this.#freedBytes += bytes;
    log.info('segment is compacted', { segment, bytes });
  }

  /**
   * Looks for the shards that are still said to be in the segment although no sound record of
   * theirs is there. True when the whole index was looked through.
   */
  #searchOn(segment: number, search: Search): boolean {
    const { index, quarantine } = this.#deps;
    const entries = index.list(search.after, stepEntries, '');
    for (const { key, place } of entries) if (place.segment === segment) search.found.push(key);
    search.after = entries.at(-1)?.key;
    if (entries.length === stepEntries) return false;
    let lost = 0;
    for (const key of search.found) {
      const place = index.find(key);
      if (place?.segment !== segment) continue;
      lost++;
      if (!quarantine.has(key)) quarantine.note(key, place, undefined);
    }
    if (lost !== this.#liveShards(segment)) {
      index.distrust(
        new Error(`the index has ${lost} shards of segment ${segment}, its tally differs`),
      );
    } else if (lost > 0) {
      this.#hold(segment, `${lost} of its shards are damaged`);
    }
    return true;
  }

  #hold(segment: number, reason: string, error?: unknown): void {
    this.#held.add(segment);
    this.#deps.log.warn('segment is not compacted', { segment, reason, error });
  }
}

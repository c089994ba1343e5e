/**
 * Brings the index up to what the segments hold. Only records behind the index's position are read;
 * with an empty index that is all of them. All but the last segment were complete when the next was
 * begun. The last may end in what a crash left of a write nobody was told of: that is cut off.
 * Damage before the last sound record is somebody's shard: it stays where it is, is told, and never
 * served.
 */
import type { DiskFile } from '#io/disk.ts';
import type { Logger } from '#observe/log.ts';
import type { IndexWriter } from './index-writer.ts';
import type { Quarantine } from './quarantine.ts';
import type { SegmentFiles } from './segment-files.ts';
import type { FoundRecord } from './segment-scanner.ts';
import { scanSegment } from './segment-scanner.ts';
import type { LogPosition } from './shard-index.ts';

const rewriteBytes = 1024 * 1024;
const backlogMax = 8192;

export interface RecoveryDeps {
  readonly files: SegmentFiles;
  readonly index: IndexWriter;
  readonly quarantine: Quarantine;
  readonly log: Logger;
  readonly salt: number;
}

export interface Recovered {
  /** Where the next record goes. */
  readonly tail: LogPosition;
  /** Records and stretches of bytes found damaged. */
  readonly damaged: number;
}

/** The end of the last sound record between `from` and `to`. */
async function soundEnd(
  file: DiskFile,
  salt: number,
  segment: number,
  from: number,
  to: number,
): Promise<number> {
  let end = from;
  for await (const found of scanSegment(file, { segment, salt, from, to, bodies: true })) {
    if (found.header !== undefined && found.damagedBlock === undefined) end = found.end;
  }
  return end;
}

/**
 * Makes durable what reads as sound. A process killed before its flush leaves records that are only
 * in the page cache; after a failed flush they may look clean there and be nowhere else. Writing
 * them again settles both.
 */
async function rewrite(file: DiskFile, from: number, to: number): Promise<void> {
  for (let at = from; at < to; at += rewriteBytes) {
    const bytes = Buffer.allocUnsafe(Math.min(rewriteBytes, to - at));
    await file.read(bytes, at);
    await file.write([bytes], at);
  }
}

async function repairTail(deps: RecoveryDeps, segment: number, from: number): Promise<number> {
  const { files, log, salt } = deps;
  const size = files.size(segment) ?? 0;
  if (size <= from) return size;
  const file = await files.openTail(segment);
  try {
    const end = await soundEnd(file, salt, segment, from, size);
    if (end < size) {
      log.warn('torn tail is cut off', { segment, offset: end, bytes: size - end });
      await file.truncate(end);
    }
    await rewrite(file, from, end);
    await file.sync();
    files.setSize(segment, end);
    return end;
  } finally {
    await file.close();
  }
}

function index({ index, quarantine }: RecoveryDeps, found: FoundRecord): void {
  const { damagedBlock } = found;
  const { kind, key, segment, offset, length } = found.header;
  const place = { segment, offset, length };
  const position = { segment, offset: found.end };
  if (kind === 'tombstone') index.remove(key, position);
  else if (damagedBlock === undefined || index.find(key) === undefined) {
    index.put(key, place, position);
    if (damagedBlock !== undefined) quarantine.note(key, place, damagedBlock);
  } else index.advance(position);
}

/** Indexes a segment's records from `from` on; returns how many were damaged. */
async function indexSegment(
  deps: RecoveryDeps,
  segment: number,
  from: number,
  bodies: boolean,
): Promise<number> {
  const { files, log, salt } = deps;
  const to = files.size(segment) ?? 0;
  let damaged = 0;
  await files.use(segment, async (file) => {
    for await (const found of scanSegment(file, { segment, salt, from, to, bodies })) {
      const { offset, end } = found;
      if (found.header === undefined || found.damagedBlock !== undefined) {
        damaged++;
        log.error('damaged bytes in a segment', { segment, offset, bytes: end - offset });
      }
      if (found.header === undefined) deps.index.advance({ segment, offset: end });
      else index(deps, found);
      if (deps.index.backlog >= backlogMax) await deps.index.flush();
    }
  });
  return damaged;
}

/** Segments that were compacted away just before the end. */
function forgetRemoved({ files, index }: RecoveryDeps): void {
  for (const [segment, { liveShards }] of [...index.tallies]) {
    if (liveShards === 0 && files.size(segment) === undefined) index.forget(segment);
  }
}

export async function recover(deps: RecoveryDeps): Promise<Recovered> {
  const { files } = deps;
  const start = deps.index.position ?? { segment: 0, offset: 0 };
  const numbers = files.numbers;
  const last = numbers.at(-1);
  if (last === undefined) return { tail: { segment: 1, offset: 0 }, damaged: 0 };
  const from = (segment: number) => (segment === start.segment ? start.offset : 0);
  const end = await repairTail(deps, last, from(last));
  let damaged = 0;
  for (const segment of numbers.filter((number) => number >= start.segment)) {
    damaged += await indexSegment(deps, segment, from(segment), segment === last);
  }
  forgetRemoved(deps);
  await deps.index.flush();
  return { tail: { segment: last, offset: end }, damaged };
}

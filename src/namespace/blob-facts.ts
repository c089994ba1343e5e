/** What the names say about blobs, for those who look after shards. Reads only. */
import type { BlobId, VolumeId } from '#base/ids.ts';
import {
  type CallOptions,
  type Kv,
  type KvEntry,
  prefixSpan,
  type RangeOp,
  type RangeResult,
} from '#kv/kv.ts';
import {
  backReferencePrefix,
  blobOfBackReference,
  fileKey,
  garbageKey,
  pathOfBackReference,
  prefixes,
  volumeKey,
} from '#protocol/keys.ts';
import { decodeVolume, type VolumeRecord } from '#protocol/volumes.ts';
import { fileEntry, readKey } from './ops/names.ts';
import { decodeGarbage, unlessDamaged } from './record-codec.ts';
import type { FileEntry, GarbageRecord } from './records.ts';

type Reads = Pick<Kv, 'txn'>;

export interface BlobFacts {
  /** One of the blob's names. */
  readonly path: string | undefined;
  /** It is in the queue of garbage; 'damaged': under a record that can't be understood. */
  readonly garbage: GarbageRecord | 'damaged' | undefined;
}

/** All at one revision. Errors: names_unavailable. */
export async function readBlobFacts(
  kv: Reads,
  blobs: readonly BlobId[],
  options: CallOptions,
): Promise<ReadonlyMap<BlobId, BlobFacts>> {
  const ranges = blobs.flatMap((blob): RangeOp[] => [
    { kind: 'range', ...prefixSpan(backReferencePrefix(blob)), limit: 1, keysOnly: true },
    readKey(garbageKey(blob)),
  ]);
  const results = await readAll(kv, ranges, options);
  return new Map(
    blobs.map((blob, index) => {
      const reference = results[2 * index]?.entries[0];
      const garbage = results[2 * index + 1]?.entries[0];
      return [
        blob,
        {
          path: reference && pathOfBackReference(reference.key),
          garbage: garbage && (unlessDamaged(() => decodeGarbage(garbage.value)) ?? 'damaged'),
        },
      ];
    }),
  );
}

/** 'damaged': there, and can't be understood. Not in the map: there is none. */
export type VolumeRecords = ReadonlyMap<VolumeId, VolumeRecord | 'damaged'>;

/** Errors: names_unavailable. */
export async function readVolumeRecords(
  kv: Reads,
  ids: Iterable<VolumeId>,
  options: CallOptions,
): Promise<VolumeRecords> {
  const wanted = [...new Set(ids)];
  const results = await readAll(kv, wanted.map(volumeKey).map(readKey), options);
  return new Map(
    wanted.flatMap((id, index) => {
      const entry = results[index]?.entries[0];
      if (entry === undefined) return [];
      return [[id, unlessDamaged(() => decodeVolume(entry.value)) ?? 'damaged']];
    }),
  );
}

/** Those that are there and can be understood. Errors: names_unavailable. */
export async function readFiles(
  kv: Reads,
  paths: Iterable<string>,
  options: CallOptions,
): Promise<ReadonlyMap<string, FileEntry>> {
  const ranges = [...paths].map((path) => readKey(fileKey(path)));
  const found = (await readAll(kv, ranges, options)).flatMap(({ entries }) => entries);
  return new Map(found.flatMap(understood).map((entry) => [entry.path, entry]));
}

export interface FilePage {
  readonly files: readonly FileEntry[];
  /** Names whose record can't be understood. */
  readonly damaged: number;
  /** Where the next page begins; undefined: that was the last. */
  readonly next: string | undefined;
}

/** All names, page by page: for a walk, `from` is undefined at first. */
export async function readFilePage(
  kv: Pick<Kv, 'range'>,
  from: string | undefined,
  limit: number,
  options: CallOptions,
): Promise<FilePage> {
  const { start, end } = prefixSpan(prefixes.file);
  const { entries, more } = await kv.range({ start: from ?? start, end, limit }, options);
  const files = entries.flatMap(understood);
  const last = entries.at(-1);
  const next = more && last !== undefined ? `${last.key}\0` : undefined;
  return { files, damaged: entries.length - files.length, next };
}

/**
 * All blobs that have a name, page by page, each under one of its names and at least once: what is
 * renamed meanwhile stays where its blob stands in their order. `damaged`: of the blobs' names.
 * Errors: names_unavailable.
 */
export async function readBlobPage(
  kv: Pick<Kv, 'range' | 'txn'>,
  from: string | undefined,
  limit: number,
  options: CallOptions,
): Promise<FilePage & { readonly revision: number }> {
  const { start, end } = prefixSpan(prefixes.backReference);
  const range = { start: from ?? start, end, limit, keysOnly: true };
  const { entries, more, revision } = await kv.range(range, options);
  const last = entries.at(-1);
  const next = more && last !== undefined ? `${last.key}\0` : undefined;
  const paths = new Map(entries.map(({ key }) => [blobOfBackReference(key), key]));
  const reads = [...paths.values()].map((key) => ({
    ...readKey(fileKey(pathOfBackReference(key))),
    revision,
  }));
  const results = await readAll(kv, reads, options);
  const files = results.flatMap((result) => result.entries.flatMap(understood));
  return { files, damaged: paths.size - files.length, next, revision };
}

async function readAll(
  kv: Reads,
  ranges: readonly RangeOp[],
  options: CallOptions,
): Promise<readonly RangeResult[]> {
  if (ranges.length === 0) return [];
  const { results } = await kv.txn({ compare: [], then: ranges, else: [] }, options);
  return results as readonly RangeResult[];
}

const understood = (entry: KvEntry): FileEntry[] => unlessDamaged(() => [fileEntry(entry)]) ?? [];

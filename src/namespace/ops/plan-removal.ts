/**
 * Takes names away and decides in the same transaction which blobs have none left and are garbage.
 * Per blob there are two plans: no other name exists (compares that everything around the names to
 * go is empty), or a certain other one does (compares that it is there). A transaction that fails
 * proves the plan outdated, so no blob is ever lost to the queue or queued while a name is left.
 */
import type { BlobId } from '#base/ids.ts';
import { type Compare, type KvOp, prefixEnd, type Txn } from '#kv/kv.ts';
import { backReferenceKey, backReferencePrefix, fileKey, garbageKey } from '#protocol/keys.ts';
import { encodeGarbage } from '../record-codec.ts';
import type { FileEntry } from '../records.ts';
import { exists, isEmptySpan, isUnchanged } from './names.ts';

/**
 * Keys of back references by blob, as last read; at least one more than the names to go, if there
 * are.
 */
export type SeenReferences = ReadonlyMap<BlobId, readonly string[]>;

/** A blob that wasn't looked at is taken to have no other names. */
export function planRemoval(
  files: readonly FileEntry[],
  seen: SeenReferences,
): Pick<Txn, 'compare' | 'then'> {
  const { compare, then } = planRelease(files, seen, { isMoved: false });
  const names = files.map(({ path }): KvOp => ({ kind: 'delete', start: fileKey(path) }));
  return { compare, then: [...names, ...then] };
}

/**
 * The names, as they are now, let go of their blobs; what becomes of them is the caller's.
 * `isMoved`: the content of the blobs lies in others by then.
 */
export function planRelease(
  files: readonly FileEntry[],
  seen: SeenReferences,
  { isMoved }: { readonly isMoved: boolean },
): Pick<Txn, 'compare' | 'then'> {
  const compare = files.map(({ path, revision }) => isUnchanged(fileKey(path), revision));
  const then = files.map(
    ({ path, record: { blob } }): KvOp => ({ kind: 'delete', start: backReferenceKey(blob, path) }),
  );
  for (const [blob, sharers] of filesByBlob(files)) {
    const going = new Set(sharers.map(({ path }) => backReferenceKey(blob, path)));
    const other = seen.get(blob)?.find((key) => !going.has(key));
    if (other !== undefined) {
      compare.push(exists(other));
      continue;
    }
    compare.push(...nothingAround(blob, [...going]));
    const { size, extents } = sharers[0].record;
    const value = encodeGarbage({ size, extents, isMoved });
    then.push({ kind: 'put', key: garbageKey(blob), value });
  }
  return { compare, then };
}

type Sharers = [FileEntry, ...FileEntry[]];

export function filesByBlob(files: readonly FileEntry[]): Map<BlobId, Sharers> {
  const groups = new Map<BlobId, Sharers>();
  for (const file of files) {
    const group = groups.get(file.record.blob);
    if (group === undefined) groups.set(file.record.blob, [file]);
    else group.push(file);
  }
  return groups;
}

/**
 * The spans between the blob's references `keys`, before the first and after the last, are empty.
 */
function nothingAround(blob: BlobId, keys: readonly string[]): Compare[] {
  const prefix = backReferencePrefix(blob);
  const inOrder = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const starts = [prefix, ...inOrder.map((key) => `${key}\0`)];
  const ends = [...inOrder, prefixEnd(prefix)];
  return starts.map((start, index) => isEmptySpan(start, ends[index] as string));
}

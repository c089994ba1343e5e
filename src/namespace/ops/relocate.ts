/**
 * Gives the names of a blob to another one with the same content, name by name; with the last name
 * the old blob goes to the queue of garbage. Each name changes in one transaction that asks that it
 * is as it was read, so whoever copies, moves or removes it meanwhile comes before or behind. Cut
 * off at any point it leaves every name with one blob or the other, both whole.
 */
import { DftfsError } from '#base/errors.ts';
import type { BlobId } from '#base/ids.ts';
import type { Txn } from '#kv/kv.ts';
import { backReferenceKey, fileKey, garbageKey, pathOfBackReference } from '#protocol/keys.ts';
import type { Extent } from '#protocol/volumes.ts';
import { contentOf, type FileEntry } from '../records.ts';
import { type Fences, fenceCompares, fenceReads, judgeFences } from './fences.ts';
import {
  attemptsMax,
  type CallLimits,
  changedTooOften,
  entryAt,
  exists,
  fileAt,
  isAbsent,
  type Names,
  putName,
  rangeAt,
  readKey,
  readReferences,
  VerbTime,
} from './names.ts';
import { planRelease, type SeenReferences } from './plan-removal.ts';

/** A blob that is written, durable and without a name. */
export interface Replacement extends Fences {
  readonly blob: BlobId;
  readonly extents: readonly Extent[];
}

const pageNamesMax = 32;
/** Copies may be made as fast as names are moved; the rest is left to the next time. */
const pagesMax = 10_000;

/**
 * How many names the replacement got. All of them, unless it lost those it had again; 0: the old
 * blob had none, and the replacement has none. Errors: with outcome 'none' the replacement has no
 * name and gets none: session_lost, volume_changed, overloaded, canceled, data_damaged,
 * names_unavailable, names_full. With 'maybe' it may have some.
 */
export async function relocate(
  names: Names,
  old: BlobId,
  replacement: Replacement,
  limits: CallLimits,
): Promise<number> {
  const relocation = new Relocation(names, old, replacement, limits);
  try {
    await relocation.run();
  } catch (error) {
    throw relocation.moved > 0 ? halfDone(old, relocation.moved, error) : error;
  }
  return relocation.moved;
}

class Relocation {
  moved = 0;
  readonly #names: Names;
  readonly #old: BlobId;
  readonly #replacement: Replacement;
  readonly #limits: CallLimits;
  #fences: Fences;
  /**
   * A back reference of the replacement, once it has a name: while that is there it can't be
   * garbage. The fences count only until then.
   */
  #witness: string | undefined;
  /** The replacement had names and has none now: it is garbage. */
  #isGone = false;

  constructor(names: Names, old: BlobId, replacement: Replacement, limits: CallLimits) {
    this.#names = names;
    this.#old = old;
    this.#replacement = replacement;
    this.#limits = limits;
    this.#fences = replacement;
  }

  async run(): Promise<void> {
    for (let page = 0; page < pagesMax; page++) {
      const time = new VerbTime(this.#names.clock, this.#limits);
      const references = await this.#references(time);
      if (references.length === 0) return;
      const moving = references.slice(0, pageNamesMax);
      const reads = moving.map((key) => readKey(fileKey(pathOfBackReference(key))));
      const results = await this.#names.committer.read(reads, time.options());
      for (const index of moving.keys()) {
        const file = fileAt(results, index);
        if (file !== undefined) await this.#moveName(file, references.slice(index));
        if (this.#isGone) return;
      }
    }
    throw changedTooOften(`blob ${this.#old}`);
  }

  /** Those of the old blob, one more than are gone through at a time. */
  async #references(time: VerbTime): Promise<readonly string[]> {
    const range = readReferences(this.#old, pageNamesMax + 1);
    const results = await this.#names.committer.read([range], time.options());
    return rangeAt(results, 0).entries.map(({ key }) => key);
  }

  /** `references`: others of the old blob that are still to be moved. */
  async #moveName(found: FileEntry, references: readonly string[]): Promise<void> {
    const { path } = found;
    const time = new VerbTime(this.#names.clock, this.#limits);
    let file: FileEntry | undefined = found;
    let seen: SeenReferences = new Map([[this.#old, references]]);
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      if (this.#limits.signal?.aborted) throw new DftfsError('canceled', 'The caller has gone.');
      if (file?.record.blob !== this.#old) return;
      const txn = this.#txn(file, seen);
      const operation = this.#names.newOperation();
      const write = { operation, txn, marker: 'always' } as const;
      const result = await this.#names.committer.write(write, time.options());
      if (result.earlier || result.succeeded) {
        this.moved += 1;
        this.#witness = backReferenceKey(this.#replacement.blob, path);
        return;
      }
      const { results } = result;
      file = fileAt(results, 0);
      seen = new Map([[this.#old, rangeAt(results, 1).entries.map(({ key }) => key)]]);
      if (this.#witness === undefined) {
        this.#fences = judgeFences(results.slice(3), this.#fences);
        continue;
      }
      this.#witness = entryAt(results, 2)?.key;
      this.#isGone = this.#witness === undefined;
      if (this.#isGone) return;
    }
    throw changedTooOften(path);
  }

  #txn(file: FileEntry, seen: SeenReferences): Txn {
    const { blob, extents } = this.#replacement;
    const { compare, then } = planRelease([file], seen, { isMoved: true });
    const record = { ...file.record, blob, extents, content: contentOf(file.record) };
    const isUsable =
      this.#witness === undefined
        ? [...fenceCompares(this.#names, this.#fences), isAbsent(garbageKey(blob))]
        : [exists(this.#witness)];
    return {
      compare: [...compare, ...isUsable],
      then: [...then, ...putName(file.path, record)],
      else: [
        readKey(fileKey(file.path)),
        readReferences(this.#old, 2),
        readReferences(blob, 1),
        ...fenceReads(this.#names, this.#fences),
      ],
    };
  }
}

const halfDone = (blob: BlobId, moved: number, cause: unknown): DftfsError =>
  new DftfsError(
    'outcome_unknown',
    `${moved} names of blob ${blob} were moved before it failed; the others are as they were.`,
    { cause },
  );

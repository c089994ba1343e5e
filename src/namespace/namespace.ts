/**
 * Names: which path is which blob. Promises: every change is one transaction that happens whole, at
 * most once, or not at all; a name always has its back reference; a blob without a name is queued
 * as garbage in the transaction that takes its last name. Forbids: bytes of files, and knowledge of
 * where they lie beyond the extents it keeps. Talks to the committer, and to the kv for listings.
 */
import type { BlobId, VolumeId } from '#base/ids.ts';
import { newOperationId } from '#base/ids.ts';
import type { KnownVolume, Session } from '#cluster/cluster-map.ts';
import type { Clock, Random } from '#io/world.ts';
import type { Kv } from '#kv/kv.ts';
import type { Committer } from './committer.ts';
import { copy } from './ops/copy.ts';
import { type CreateResult, create, type NewFile } from './ops/create.ts';
import { type ListOptions, type ListPage, list } from './ops/list.ts';
import { lookup, lookupBlob } from './ops/lookup.ts';
import { move } from './ops/move.ts';
import type { CallLimits, Names } from './ops/names.ts';
import { readVolumes } from './ops/read-volumes.ts';
import { type Replacement, relocate } from './ops/relocate.ts';
import { type RemoveOptions, remove } from './ops/remove.ts';
import { removeTree } from './ops/remove-tree.ts';
import type { TransferOptions } from './ops/transfer.ts';
import type { FileEntry } from './records.ts';

export interface NamespaceDeps {
  readonly committer: Committer;
  readonly kv: Pick<Kv, 'range'>;
  readonly clock: Clock;
  readonly random: Pick<Random, 'bytes'>;
  readonly session: Pick<Session, 'node'>;
}

/** Paths are parsed (`base/path.ts`). What each verb promises and throws is said in `ops/`. */
export class Namespace {
  readonly #names: Names;

  constructor({ committer, kv, clock, random, session }: NamespaceDeps) {
    const newOperation = () => newOperationId((count) => random.bytes(count));
    this.#names = { committer, kv, clock, node: session.node, newOperation };
  }

  lookup(path: string, limits: CallLimits = {}): Promise<FileEntry | undefined> {
    return lookup(this.#names, path, limits);
  }

  create(path: string, file: NewFile, limits: CallLimits = {}): Promise<CreateResult> {
    return create(this.#names, path, file, limits);
  }

  copy(from: string, to: string, options: TransferOptions = {}): Promise<FileEntry> {
    return copy(this.#names, from, to, options);
  }

  move(from: string, to: string, options: TransferOptions = {}): Promise<FileEntry> {
    return move(this.#names, from, to, options);
  }

  remove(path: string, options: RemoveOptions = {}): Promise<void> {
    return remove(this.#names, path, options);
  }

  removeTree(folder: string, limits: CallLimits = {}): Promise<number> {
    return removeTree(this.#names, folder, limits);
  }

  list(options: ListOptions, limits: CallLimits = {}): Promise<ListPage> {
    return list(this.#names, options, limits);
  }

  lookupBlob(blob: BlobId, limits: CallLimits = {}): Promise<FileEntry | undefined> {
    return lookupBlob(this.#names, blob, limits);
  }

  relocate(old: BlobId, replacement: Replacement, limits: CallLimits = {}): Promise<number> {
    return relocate(this.#names, old, replacement, limits);
  }

  readVolumes(
    ids: readonly VolumeId[],
    limits: CallLimits = {},
  ): Promise<ReadonlyMap<VolumeId, KnownVolume>> {
    return readVolumes(this.#names, ids, limits);
  }
}

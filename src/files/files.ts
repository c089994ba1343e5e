/**
 * The living room: the only one that knows both names and bytes. A put writes a blob, then gives it
 * a name in one transaction; everything else is a matter of names, or of bytes alone. Gateways
 * translate this interface to a protocol and nothing more. Paths are already parsed
 * (`base/path.ts`).
 */

import type { NodeId, VolumeId } from '#base/ids.ts';
import type { ListOptions, ListPage } from '#namespace/ops/list.ts';
import type { FileEntry } from '#namespace/records.ts';

export type { ListEntry, ListOptions, ListPage } from '#namespace/ops/list.ts';

export interface CallContext {
  /** Aborts when the client has gone. */
  readonly signal: AbortSignal;
}

export interface PutOptions {
  readonly contentType: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Makes a retry of a success a success. */
  readonly idempotencyKey?: string;
  /**
   * Runs when all bytes are durable and before they get a name; throws to refuse (a digest that
   * differs).
   */
  readonly beforeCommit?: () => void;
}

export interface PutResult {
  readonly entry: FileEntry;
  /** True: this request key had put it before. */
  readonly repeated: boolean;
}

export interface ByteRange {
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
}

export interface RemoveResult {
  readonly removed: number;
}

/** How a file lies on the nodes now. */
export interface FileStat {
  readonly entry: FileEntry;
  readonly extents: readonly {
    readonly volume: VolumeId;
    readonly firstStripe: number;
    readonly stripes: number;
    readonly k: number;
    readonly m: number;
    /** By slot; one that is being rebuilt doesn't hold everything yet. */
    readonly members: readonly {
      readonly node: NodeId;
      readonly live: boolean;
      readonly rebuilding: boolean;
    }[];
  }[];
  /**
   * More losses of nodes that the file survives right now. Negative: it can't be read now. A file
   * without bytes lies on no node and outlives all but the last, which has to answer.
   */
  readonly lossesSurvivable: number;
}

export interface Files {
  /**
   * Throws path_exists if the path is taken by another request; else returns whether this request's
   * put is already there.
   */
  checkAbsent(
    path: string,
    idempotencyKey: string | undefined,
    context: CallContext,
  ): Promise<FileEntry | undefined>;
  put(
    path: string,
    content: AsyncIterable<Buffer>,
    options: PutOptions,
    context: CallContext,
  ): Promise<PutResult>;
  /** Undefined: nothing there. */
  lookup(path: string, context: CallContext): Promise<FileEntry | undefined>;
  read(entry: FileEntry, range: ByteRange, context: CallContext): AsyncIterable<Buffer>;
  copy(
    from: string,
    to: string,
    idempotencyKey: string | undefined,
    context: CallContext,
  ): Promise<FileEntry>;
  move(
    from: string,
    to: string,
    idempotencyKey: string | undefined,
    context: CallContext,
  ): Promise<FileEntry>;
  list(options: ListOptions, context: CallContext): Promise<ListPage>;
  /** One file. Throws path_not_found. */
  remove(
    path: string,
    idempotencyKey: string | undefined,
    context: CallContext,
  ): Promise<RemoveResult>;
  /** Everything under a folder, the file of that very name included, in bounded pages. */
  removeTree(folder: string, context: CallContext): Promise<RemoveResult>;
  stat(path: string, context: CallContext): Promise<FileStat>;
}

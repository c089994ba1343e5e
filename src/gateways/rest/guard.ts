/**
 * Files and nodes as one identity may use them. All of an endpoint's work goes through here, with
 * canonical paths, so that none can forget to ask; what a new verb needs, the compiler asks for.
 */
import { authorise, type Identity, type Right } from '#access/rights.ts';
import type { ByteRange, CallContext, Files, ListOptions, PutOptions } from '#files/files.ts';
import type { FileEntry } from '#namespace/records.ts';

/** What it takes to hear of a file's record depends on what it is for. */
const lookupRights: Readonly<Record<string, Right>> = { put: 'write', ls: 'list' };

export class GuardedFiles implements Files {
  readonly #files: Files;
  readonly #identity: Identity;
  readonly #lookupRight: Right;

  constructor(files: Files, identity: Identity, operation: string) {
    this.#files = files;
    this.#identity = identity;
    this.#lookupRight = lookupRights[operation] ?? 'read';
  }

  async checkAbsent(path: string, key: string | undefined, context: CallContext) {
    this.#need('write', path);
    return this.#files.checkAbsent(path, key, context);
  }

  async put(
    path: string,
    content: AsyncIterable<Buffer>,
    options: PutOptions,
    context: CallContext,
  ) {
    this.#need('write', path);
    return this.#files.put(path, content, options, context);
  }

  async lookup(path: string, context: CallContext) {
    this.#need(this.#lookupRight, path);
    return this.#files.lookup(path, context);
  }

  read(entry: FileEntry, range: ByteRange, context: CallContext) {
    this.#need('read', entry.path);
    return this.#files.read(entry, range, context);
  }

  async copy(from: string, to: string, key: string | undefined, context: CallContext) {
    this.#need('read', from);
    this.#need('write', to);
    return this.#files.copy(from, to, key, context);
  }

  /** Where it was it is gone, and whoever may read at the other end reads it there. */
  async move(from: string, to: string, key: string | undefined, context: CallContext) {
    this.#need('read', from);
    this.#need('delete', from);
    this.#need('write', to);
    return this.#files.move(from, to, key, context);
  }

  async list(options: ListOptions, context: CallContext) {
    this.#need('list', options.folder);
    return this.#files.list(options, context);
  }

  async remove(path: string, key: string | undefined, context: CallContext) {
    this.#need('delete', path);
    return this.#files.remove(path, key, context);
  }

  async removeTree(folder: string, context: CallContext) {
    this.#need('delete', folder);
    return this.#files.removeTree(folder, context);
  }

  async stat(path: string, context: CallContext) {
    this.#need('read', path);
    return this.#files.stat(path, context);
  }

  #need(right: Right, path: string): void {
    authorise(this.#identity, right, path);
  }
}

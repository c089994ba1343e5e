/**
 * What a client knows of its files by what it was told: what is there, what is gone, and which
 * changes may have happened or not. No path is used again, so that a change which happens late can
 * be told from a wrong one.
 */
export interface Content {
  readonly seed: string;
  readonly size: number;
}

/** By path; undefined: there is no such file. */
export type Files = ReadonlyMap<string, Content | undefined>;

/** All of it happens or none. */
export interface Change {
  readonly kind: 'put' | 'copy' | 'move' | 'remove';
  readonly before: Files;
  readonly after: Files;
}

export class KnownFiles {
  readonly present = new Map<string, Content>();
  readonly removed = new Set<string>();
  /** Nobody knows whether they happened, or whether they still will. */
  readonly open: Change[] = [];

  happened({ after }: Change): void {
    for (const [path, content] of after) {
      if (content !== undefined) this.present.set(path, content);
      else {
        this.present.delete(path);
        this.removed.add(path);
      }
    }
  }

  /** Its paths are out of use until it is settled. */
  unknown(change: Change): void {
    for (const path of change.before.keys()) this.present.delete(path);
    this.open.push(change);
  }

  settled(change: Change): void {
    this.open.splice(this.open.indexOf(change), 1);
    this.happened(change);
  }

  /** Paths that may be there or not. */
  get doubtful(): ReadonlySet<string> {
    return new Set(this.open.flatMap(({ before }) => [...before.keys()]));
  }
}

const files = (...entries: [path: string, content: Content | undefined][]): Files =>
  new Map(entries);

export const putOf = (path: string, content: Content): Change => ({
  kind: 'put',
  before: files([path, undefined]),
  after: files([path, content]),
});

export const copyTo = (path: string, content: Content): Change => ({
  ...putOf(path, content),
  kind: 'copy',
});

export const moveOf = (from: string, to: string, content: Content): Change => ({
  kind: 'move',
  before: files([from, content], [to, undefined]),
  after: files([from, undefined], [to, content]),
});

export const removalOf = (path: string, content: Content): Change => ({
  kind: 'remove',
  before: files([path, content]),
  after: files([path, undefined]),
});

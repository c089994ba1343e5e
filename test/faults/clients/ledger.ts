/** What the clients of a run asked and were told, and what they know by it. */
import { createHash } from 'node:crypto';
import type { Call, Operation, Result } from '../../checks/history.ts';

/** A file of its own path, written once. */
export interface OnceFile {
  readonly path: string;
  readonly seed: string;
  readonly size: number;
  /** Of the put, so that it can be asked again what became of it. */
  readonly key: string;
}

export class Ledger {
  /** All names of the run are under it. */
  readonly folder: string;
  readonly history: Operation[] = [];
  readonly once = { acknowledged: [] as OnceFile[], unknown: [] as OnceFile[] };
  readonly removed = { acknowledged: [] as OnceFile[], unknown: [] as OnceFile[] };
  readonly statuses = new Map<number, number>();
  /** Answers that nothing excuses. */
  readonly wrong: string[] = [];
  acknowledged = 0;
  unknown = 0;
  /** When writes were acknowledged. */
  readonly #ackedAt: number[] = [];
  readonly #contents = new Map<string, string>();
  #operations = 0;
  #names = 0;

  constructor(folder: string) {
    this.folder = folder;
  }

  newNumber(): number {
    this.#names += 1;
    return this.#names;
  }

  /** From now on these bytes are known by this name. */
  learn(name: string, bytes: Buffer): void {
    this.#contents.set(hashOf(bytes), name);
  }

  /** Of bytes that nobody has written the name is their hash, which no put has. */
  nameOf(bytes: Buffer): string {
    const hash = hashOf(bytes);
    const known = this.#contents.get(hash);
    if (known === undefined) this.wrong.push(`${bytes.length} bytes that nobody has written`);
    return known ?? hash;
  }

  met(status: number): void {
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
  }

  note(client: string, call: Call, result: Result, calledAt: number): void {
    const isUnknown = result.kind === 'unknown';
    const now = performance.now();
    const returnedAt = isUnknown ? Number.POSITIVE_INFINITY : now;
    this.#operations += 1;
    this.history.push({ id: this.#operations, client, call, result, calledAt, returnedAt });
    if (call.verb === 'get' || call.verb === 'exists') return;
    if (isUnknown) this.unknown += 1;
    if (result.kind !== 'done') return;
    this.acknowledged += 1;
    this.#ackedAt.push(now);
  }

  /** Between `from` and `to`: the longest that no write was acknowledged. */
  longestStallMs(from: number, to: number): number {
    const times = this.#ackedAt.filter((at) => at >= from && at <= to).sort((a, b) => a - b);
    const marks = [from, ...times, to];
    return Math.max(...marks.slice(1).map((at, nth) => at - (marks[nth] as number)));
  }
}

const hashOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

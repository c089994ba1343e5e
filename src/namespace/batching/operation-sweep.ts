/**
 * Removes the markers `o/<operation>` that operations leave behind, once none of their tries can be
 * under way any more. Old enough is what was there at a revision that this process saw a while ago
 * by its own monotonic clock: no two machines' clocks are compared. Any node may sweep; two at a
 * time do no harm.
 */
import type { Clock } from '#io/world.ts';
import { type CallOptions, type DeleteOp, type Kv, prefixSpan } from '#kv/kv.ts';
import { prefixes } from '#protocol/keys.ts';

export interface OperationSweepDeps {
  readonly kv: Pick<Kv, 'range' | 'txn'>;
  readonly clock: Clock;
}

export interface OperationSweepOptions {
  /** Markers stay at least this long, and at most about twice as long. */
  readonly ageMs: number;
  readonly pageMax: number;
  readonly callTimeoutMs: number;
}

export const operationSweepDefaults: OperationSweepOptions = {
  ageMs: 10 * 60 * 1000,
  pageMax: 256,
  callTimeoutMs: 3000,
};

const markers = prefixSpan(prefixes.operation);

/** What was there at `revision` is older than the time since `seenAt`. */
interface Mark {
  readonly revision: number;
  readonly seenAt: number;
}

/** One walk over all markers: removes those up to `upTo`. */
interface Round {
  readonly upTo: number;
  readonly from: string;
}

export class OperationSweep {
  readonly name = 'operation markers';
  readonly #deps: OperationSweepDeps;
  readonly #options: OperationSweepOptions;
  #mark: Mark | undefined;
  #round: Round | undefined;
  #removed = 0;

  constructor(deps: OperationSweepDeps, options: OperationSweepOptions = operationSweepDefaults) {
    this.#deps = deps;
    this.#options = options;
  }

  /** Markers removed by this process. */
  progress(): { removed: number } {
    return { removed: this.#removed };
  }

  /** One bounded unit of work. After an error, the next call does the same unit again. */
  async step(signal?: AbortSignal): Promise<'busy' | 'idle'> {
    if (this.#round === undefined) {
      const now = this.#deps.clock.now();
      if (this.#mark !== undefined && now - this.#mark.seenAt < this.#options.ageMs) return 'idle';
      const last = this.#mark;
      this.#mark = await this.#newMark(signal);
      if (last === undefined) return 'idle';
      this.#round = { upTo: last.revision, from: markers.start };
    }
    this.#round = await this.#sweepPage(this.#round, signal);
    return this.#round === undefined ? 'idle' : 'busy';
  }

  async #newMark(signal: AbortSignal | undefined): Promise<Mark> {
    const page = await this.#deps.kv.range(
      { ...markers, limit: 1, keysOnly: true },
      this.#call(signal),
    );
    return { revision: page.revision, seenAt: this.#deps.clock.now() };
  }

  /** The rest of the round; undefined: that was the last page. */
  async #sweepPage(
    { upTo, from }: Round,
    signal: AbortSignal | undefined,
  ): Promise<Round | undefined> {
    const { entries, more } = await this.#deps.kv.range(
      { start: from, end: markers.end, limit: this.#options.pageMax, keysOnly: true },
      this.#call(signal),
    );
    const old = entries.filter(({ modRevision }) => modRevision <= upTo);
    if (old.length > 0) {
      const removals = old.map(({ key }): DeleteOp => ({ kind: 'delete', start: key }));
      await this.#deps.kv.txn({ compare: [], then: removals, else: [] }, this.#call(signal));
      this.#removed += old.length;
    }
    const last = entries.at(-1);
    return more && last !== undefined ? { upTo, from: `${last.key}\0` } : undefined;
  }

  #call(signal: AbortSignal | undefined): CallOptions {
    const { callTimeoutMs: timeoutMs } = this.#options;
    return signal === undefined ? { timeoutMs } : { timeoutMs, signal };
  }
}

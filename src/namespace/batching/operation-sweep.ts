/**
 * Removes the markers `o/<operation>` that operations leave behind, once none of their tries can be
 * under way any more. Done by one node for the cluster; two at a time do no harm.
 */
import type { Clock } from '#io/world.ts';
import { type CallOptions, type DeleteOp, type Kv, prefixSpan } from '#kv/kv.ts';
import type { RevisionAges } from '#kv/revision-ages.ts';
import { prefixes } from '#protocol/keys.ts';

export interface OperationSweepDeps {
  readonly kv: Pick<Kv, 'range' | 'txn'>;
  readonly clock: Clock;
  readonly ages: Pick<RevisionAges, 'standingFor'>;
  readonly isCoordinator: () => boolean;
}

export interface OperationSweepOptions {
  /** Markers stay at least this long. */
  readonly ageMs: number;
  /** From one walk over all markers to the next. */
  readonly roundMs: number;
  readonly pageMax: number;
  readonly callTimeoutMs: number;
}

export const operationSweepDefaults: OperationSweepOptions = {
  ageMs: 10 * 60 * 1000,
  roundMs: 60 * 1000,
  pageMax: 256,
  callTimeoutMs: 3000,
};

const markers = prefixSpan(prefixes.operation);

/** One walk over all markers: removes those up to `upTo`. */
interface Round {
  readonly upTo: number;
  readonly from: string;
}

export class OperationSweep {
  readonly name = 'operation markers';
  readonly #deps: OperationSweepDeps;
  readonly #options: OperationSweepOptions;
  #round: Round | undefined;
  #nextRoundMs = Number.NEGATIVE_INFINITY;
  #sweptUpTo = 0;
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
    const round = this.#round ?? this.#beginRound();
    if (round === undefined) return 'idle';
    this.#round = round;
    this.#round = await this.#sweepPage(round, signal);
    if (this.#round !== undefined) return 'busy';
    this.#sweptUpTo = round.upTo;
    return 'idle';
  }

  /** Undefined: it isn't time, or nothing is known to be old enough that wasn't before. */
  #beginRound(): Round | undefined {
    const { clock, ages, isCoordinator } = this.#deps;
    const { ageMs, roundMs } = this.#options;
    const now = clock.now();
    if (!isCoordinator() || now < this.#nextRoundMs) return undefined;
    const upTo = ages.standingFor(ageMs, now);
    if (upTo <= this.#sweptUpTo) return undefined;
    this.#nextRoundMs = now + roundMs;
    return { upTo, from: markers.start };
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

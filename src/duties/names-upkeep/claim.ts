/**
 * Whose turn it is: a key that its holder writes anew again and again. One that stays the same for
 * long, by the clock of whoever looks, is of a process that has died, and is taken over. No lease
 * is needed, which the engine would refuse when it is full. A courtesy and no more: should two hold
 * it at a time, they do no harm.
 */
import type { Clock, Timers } from '#io/world.ts';
import type { Compare, Kv, KvOp } from '#kv/kv.ts';

export interface ClaimDeps {
  readonly kv: Pick<Kv, 'get' | 'txn'>;
  readonly clock: Clock;
  readonly timers: Pick<Timers, 'sleep'>;
}

export interface ClaimOptions {
  readonly key: string;
  /** This process, unlike all others. */
  readonly holder: string;
  readonly renewMs: number;
  readonly staleMs: number;
}

const callTimeoutMs = 3000;

export class Claim {
  readonly #deps: ClaimDeps;
  readonly #options: ClaimOptions;
  /** modRevision of our own key. */
  #held: number | undefined;
  /** Another's, as last seen. */
  #other = { revision: 0, seenAt: 0 };

  constructor(deps: ClaimDeps, options: ClaimOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  /** Takes it, or says anew that it is ours. */
  async take(): Promise<boolean> {
    const revision = this.#held ?? (await this.#takeable());
    if (revision === undefined) return false;
    this.#held = undefined;
    const { key, holder } = this.#options;
    const written = await this.#write(revision, { kind: 'put', key, value: Buffer.from(holder) });
    this.#held = written;
    return written !== undefined;
  }

  /** Does the work, and says meanwhile that the claim is still ours. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    const done = new AbortController();
    const renewal = this.#renewUntil(done.signal);
    try {
      return await work();
    } finally {
      done.abort();
      await renewal;
    }
  }

  async giveBack(): Promise<void> {
    const revision = this.#held;
    if (revision === undefined) return;
    this.#held = undefined;
    await this.#write(revision, { kind: 'delete', start: this.#options.key });
  }

  async #renewUntil(done: AbortSignal): Promise<void> {
    while (!done.aborted) {
      await this.#deps.timers.sleep(this.#options.renewMs, done).catch(() => {});
      if (!done.aborted) await this.take().catch(() => {});
    }
  }

  /** The revision of a key that may be replaced, 0 if there is none; undefined: another's. */
  async #takeable(): Promise<number | undefined> {
    const { key, holder, staleMs } = this.#options;
    const found = await this.#deps.kv.get(key, { timeoutMs: callTimeoutMs });
    if (found === undefined) return 0;
    if (found.value.toString() === holder) return found.modRevision;
    const now = this.#deps.clock.now();
    if (found.modRevision !== this.#other.revision) {
      this.#other = { revision: found.modRevision, seenAt: now };
    }
    return now - this.#other.seenAt >= staleMs ? found.modRevision : undefined;
  }

  async #write(expected: number, op: KvOp): Promise<number | undefined> {
    const { key } = this.#options;
    const compare: Compare = { start: key, field: 'mod', relation: '=', value: expected };
    const txn = { compare: [compare], then: [op], else: [] };
    const options = { timeoutMs: callTimeoutMs, frees: true };
    const { succeeded, revision } = await this.#deps.kv.txn(txn, options);
    return succeeded ? revision : undefined;
  }
}

/**
 * Looks at the kv's revision now and then, so that it is known how long what is in it has stood,
 * and hands that on in a key: whoever becomes coordinator knows at once what its predecessors did.
 * Otherwise, where no node lives for long, nothing would ever be known to be old enough to go.
 */
import type { Clock } from '#io/world.ts';
import type { Kv } from '#kv/kv.ts';
import type { RevisionAges, ToldAge } from '#kv/revision-ages.ts';
import { agesKey } from '#protocol/keys.ts';
import type { Duty } from '../duty.ts';

export interface KeepAgesDeps {
  readonly kv: Pick<Kv, 'range' | 'txn'>;
  readonly clock: Clock;
  readonly ages: Pick<RevisionAges, 'note' | 'learn' | 'tell'>;
  readonly isCoordinator: () => boolean;
}

export interface KeepAgesOptions {
  readonly everyMs: number;
  readonly callTimeoutMs: number;
}

export const keepAgesDefaults: KeepAgesOptions = { everyMs: 10_000, callTimeoutMs: 2000 };

const agesMax = 10_000;

export class KeepAges implements Duty {
  readonly name = 'ages';
  readonly #deps: KeepAgesDeps;
  readonly #options: KeepAgesOptions;
  #nextMs = Number.NEGATIVE_INFINITY;

  constructor(deps: KeepAgesDeps, options: Partial<KeepAgesOptions> = {}) {
    this.#deps = deps;
    this.#options = { ...keepAgesDefaults, ...options };
  }

  async step(signal: AbortSignal): Promise<'idle'> {
    const { kv, clock, ages, isCoordinator } = this.#deps;
    if (clock.now() < this.#nextMs) return 'idle';
    this.#nextMs = clock.now() + this.#options.everyMs;
    const options = { timeoutMs: this.#options.callTimeoutMs, signal };
    const { entries, revision } = await kv.range({ start: agesKey }, options);
    const [entry] = entries;
    ages.note(revision, clock.now());
    if (entry !== undefined) ages.learn(parseAges(entry.value), clock.now());
    // When nothing was written since, there is nothing new to tell.
    if (!isCoordinator() || revision === entry?.modRevision) return 'idle';
    const value = Buffer.from(JSON.stringify(ages.tell(clock.now())));
    await kv.txn({ compare: [], then: [{ kind: 'put', key: agesKey, value }], else: [] }, options);
    return 'idle';
  }
}

/** What makes no sense tells nothing: ages are found out anew. */
export function parseAges(value: Buffer): readonly ToldAge[] {
  try {
    const told: unknown = JSON.parse(value.toString());
    return Array.isArray(told) && told.length <= agesMax && told.every(isToldAge) ? told : [];
  } catch {
    return [];
  }
}

const isToldAge = (one: unknown): one is ToldAge =>
  Array.isArray(one) && one.length === 2 && one.every((n) => Number.isSafeInteger(n) && n >= 0);

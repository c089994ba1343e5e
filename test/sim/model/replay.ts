/**
 * Holds the engine of the simulation against a real one: both are told the same, and must answer
 * the same, to the last revision. Steps follow each other, so there is one right answer to each.
 */
import assert from 'node:assert/strict';
import { DftfsError } from '#base/errors.ts';
import { spanHas } from '#kv/key-order.ts';
import type { KeySpan, Kv, LeaseId, Watch, WatchEvent } from '#kv/kv.ts';
import type { Dice } from '../world/dice.ts';
import { everything, randomStep, type Step } from './random-step.ts';

export interface Engine {
  readonly kv: Kv;
  readonly compact: (revision: number) => Promise<void>;
}

/** How often each kind of step was taken, and how it ended. */
export type StepCounts = Map<string, number>;

const options = { timeoutMs: 10_000 };
const leaseTtlMs = 600_000;
const watchMsMax = 20_000;
const marker = 'm/marker';

type Seen = readonly [revision: number, events: readonly WatchEvent[]];

class Side {
  readonly engine: Engine;
  readonly #leases: LeaseId[] = [];

  constructor(engine: Engine) {
    this.engine = engine;
  }

  get leases(): number {
    return this.#leases.length;
  }

  async revision(): Promise<number> {
    return (await this.engine.kv.range({ start: marker }, options)).revision;
  }

  everything(): Promise<unknown> {
    return this.engine.kv.range({ ...everything, limit: 100 }, options);
  }

  /** What can be compared; of a refusal its code and whether something may have happened. */
  async take(step: Step): Promise<unknown> {
    try {
      return await this.#do(step);
    } catch (error) {
      if (!(error instanceof DftfsError)) throw error;
      return { refused: error.code, outcome: error.outcome };
    }
  }

  async #do(step: Step): Promise<unknown> {
    const { kv, compact } = this.engine;
    switch (step.kind) {
      case 'txn':
        return kv.txn(step.txn, { ...options, frees: step.frees });
      case 'bind':
        return kv.txn(this.#binding(step.key, step.lease), options);
      case 'range':
        return kv.range(step.range, options);
      case 'grant':
        return void this.#leases.push(await kv.grantLease(leaseTtlMs, options));
      case 'keep-alive':
        return kv.keepLeaseAlive(this.#leases[step.lease] as LeaseId, options);
      case 'revoke':
        return kv.revokeLease(this.#leases[step.lease] as LeaseId, options);
      case 'compact':
        return compact(step.revision);
      case 'watch':
        return this.#history(step.span, step.fromRevision);
    }
  }

  #binding(key: string, lease: number) {
    const bound = this.#leases[lease] as LeaseId;
    const put = { kind: 'put', key, value: Buffer.from(`lease ${lease}`), lease: bound } as const;
    return { compare: [], then: [put], else: [] };
  }

  /** All events from then up to a marker that is put now, or that they can't be had. */
  async #history(span: KeySpan, fromRevision: number): Promise<readonly Seen[] | 'ended'> {
    const { kv } = this.engine;
    const put = { kind: 'put', key: marker, value: Buffer.alloc(0) } as const;
    const { revision: last } = await kv.txn({ compare: [], then: [put], else: [] }, options);
    return this.#watched(span, fromRevision, last);
  }

  /** A watch says nothing of what doesn't concern it: the marker tells that it has said all. */
  #watched(span: KeySpan, from: number, last: number): Promise<readonly Seen[] | 'ended'> {
    const seen: Seen[] = [];
    const wide: KeySpan = { start: span.start, end: 'n' };
    const concerns = ({ entry: { key } }: WatchEvent) => spanHas(span, key);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => finish(new Error('a watch fell silent')), watchMsMax);
      const finish = (outcome: 'ended' | 'whole' | Error) => {
        clearTimeout(timer);
        if (outcome instanceof Error) reject(outcome);
        else resolve(outcome === 'ended' ? 'ended' : seen);
        watch.close();
      };
      const watch: Watch = this.engine.kv.watch(wide, from, {
        onEvents: (events, revision) => {
          const own = events.filter(concerns);
          if (own.length > 0 && revision <= last) seen.push([revision, own]);
          if (revision >= last) finish('whole');
        },
        onEnd: () => finish('ended'),
      });
    });
  }
}

/** Throws at the first difference. */
export async function replay(
  model: Engine,
  real: Engine,
  era: number,
  dice: Dice,
  steps: number,
): Promise<StepCounts> {
  const counts: StepCounts = new Map();
  const [one, other] = [new Side(model), new Side(real)];
  let compacted = 0;
  for (let taken = 0; taken < steps; taken++) {
    const { leases } = one;
    const step = randomStep(dice, { revision: await one.revision(), leases, era, compacted });
    if (step.kind === 'compact') compacted = Math.max(compacted, step.revision);
    const [found, expected] = [await one.take(step), await other.take(step)];
    assert.deepEqual(found, expected, `step ${taken}: ${JSON.stringify(step)}`);
    const [now, expectedNow] = [await one.everything(), await other.everything()];
    assert.deepEqual(now, expectedNow, `after step ${taken}: ${JSON.stringify(step)}`);
    const isRefused = typeof found === 'object' && found !== null && 'refused' in found;
    const what = `${step.kind}${isRefused ? ' refused' : found === 'ended' ? ' ended' : ''}`;
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  return counts;
}

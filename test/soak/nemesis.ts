/**
 * Harms a local cluster by the promised measure: one process or two at once, whichever, killed,
 * told to end or stopped, for a moment or for longer than a repair waits. Then all are brought
 * back, and nothing more is done before every volume is as safe as it should be.
 */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { findProcess } from '#app/local/process-record.ts';
import { ended, restore } from '../support/cluster-state.ts';
import type { LocalCluster } from '../support/local-cluster.ts';
import { healed } from '../support/protection.ts';
import type { SeededRandom } from '../support/seeded-random.ts';
import { until } from '../support/until.ts';

export interface NemesisDeps {
  readonly cluster: LocalCluster;
  readonly random: SeededRandom;
  readonly note: (entry: Readonly<Record<string, unknown>>) => void;
  readonly say: (line: string) => void;
}

const signals = ['SIGKILL', 'SIGTERM', 'SIGSTOP'] as const;
type Signal = (typeof signals)[number];

const restMsMax = 5000;
const betweenMsMax = 2000;
/** Most come back before anything is rebuilt elsewhere; some only after that. */
const holdMs = [200, 2000, 6000, 20_000] as const;

export class Nemesis {
  readonly faults: Record<Signal, number> = { SIGKILL: 0, SIGTERM: 0, SIGSTOP: 0 };
  readonly healingMs: number[] = [];
  readonly #deps: NemesisDeps;

  constructor(deps: NemesisDeps) {
    this.#deps = deps;
  }

  /** One harm and its healing. Fails if a fault missed, or if the cluster doesn't heal. */
  async round(): Promise<void> {
    const { cluster, random, note, say } = this.#deps;
    await sleep(random.between(0, restMsMax));
    const count = random.fraction() < 0.4 ? 1 : 2;
    const harmed: string[] = [];
    for (let n = 0; n < count; n++) {
      const name = random.oneOf(cluster.names.filter((one) => !harmed.includes(one)));
      const signal = random.oneOf(signals);
      if (n > 0) await sleep(random.fraction() < 0.5 ? 0 : random.between(0, betweenMsMax));
      harmed.push(name);
      note({ fault: signal, process: name, pid: cluster.pid(name) });
      await this.#harm(name, signal);
    }
    const hold = random.oneOf(holdMs);
    await sleep(random.between(hold / 10, hold));
    note({ restore: harmed });
    await restore(cluster, harmed);
    const ms = await healed(cluster);
    this.healingMs.push(ms);
    note({ healed: harmed, ms });
    say(`${harmed.join(' + ')}: held up to ${hold} ms, safe ${Math.round(ms)} ms after the return`);
  }

  async #harm(name: string, signal: Signal): Promise<void> {
    const { cluster } = this.#deps;
    cluster.signal(name, signal);
    this.faults[signal] += 1;
    if (signal === 'SIGSTOP') {
      const stopped = async () =>
        findProcess(cluster.data, name)?.state === 'stopped' ? true : undefined;
      assert.ok(await until(`${name} is stopped`, stopped), 'void: the fault missed');
    } else {
      await ended(cluster, name);
    }
  }
}

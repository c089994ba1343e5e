/**
 * The harm that is done, act by act, always within the promise: at most two processes at once, and
 * nodes only when every volume is as safe as it can be, down to three nodes and a majority of etcd.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { findProcess } from '#app/local/process-record.ts';
import { ended, etcdLeaderOf, restore } from '../test/support/cluster-state.ts';
import type { LocalCluster } from '../test/support/local-cluster.ts';
import { healed } from '../test/support/protection.ts';
import type { SeededRandom } from '../test/support/seeded-random.ts';
import { until } from '../test/support/until.ts';
import { time } from './draw/figures.ts';
import type { HarmSignal } from './harms.ts';
import type { Scene } from './scene.ts';

export interface ActsDeps {
  readonly cluster: LocalCluster;
  readonly scene: Scene;
  readonly random: SeededRandom;
  /** Aborted: no more harm, and no more waiting for what it leads to. */
  readonly timeUp: AbortSignal;
}

type Victim = 'node' | 'leader' | 'follower';

export interface Act {
  readonly victims: readonly Victim[];
  readonly signal: HarmSignal;
  /** What comes after it: all is repaired without the dead, or a while goes by. */
  readonly then: 'repair' | 'while';
}

export const acts: readonly Act[] = [
  { victims: ['node'], signal: 'SIGKILL', then: 'repair' },
  { victims: ['leader'], signal: 'SIGKILL', then: 'while' },
  { victims: ['node'], signal: 'SIGSTOP', then: 'while' },
  { victims: ['node'], signal: 'SIGKILL', then: 'repair' },
  { victims: ['follower'], signal: 'SIGKILL', then: 'while' },
  { victims: ['node', 'leader'], signal: 'SIGKILL', then: 'while' },
  { victims: ['node', 'node'], signal: 'SIGKILL', then: 'repair' },
];

const nodesMin = 3;
const restMs = 2500;
const whileMs = 4000;
const backMsMax = 120_000;

/** Whether so many of each kind may be harmed on top of those that are down. */
export function isWithinPromise(
  { victims }: Pick<Act, 'victims'>,
  nodes: { readonly all: number; readonly alive: number },
  etcd: { readonly all: number; readonly alive: number },
): boolean {
  const ofNodes = victims.filter((victim) => victim === 'node').length;
  const ofEtcd = victims.length - ofNodes;
  return nodes.alive - ofNodes >= nodesMin && etcd.alive - ofEtcd > etcd.all / 2;
}

export class Acts {
  readonly #deps: ActsDeps;

  constructor(deps: ActsDeps) {
    this.#deps = deps;
  }

  /** Until the time is up; then all are brought back. Fails if the cluster doesn't come back. */
  async play(): Promise<void> {
    const { timeUp } = this.#deps;
    for (let nth = 0; !timeUp.aborted; nth++) {
      await this.#pause(restMs);
      const act = acts[nth % acts.length] as Act;
      if (!(await this.#mayHarm(act))) {
        await this.#bringBack();
        await this.#pause(restMs);
      }
      if (!timeUp.aborted) await this.#perform(act);
    }
    await this.#bringBack();
  }

  async #mayHarm(act: Act): Promise<boolean> {
    if (!isWithinPromise(act, this.#alive('nodeUrls'), this.#alive('etcdUrls'))) return false;
    return healed(this.#deps.cluster, 0).then(
      () => true,
      () => false,
    );
  }

  async #perform({ victims, signal, then }: Act): Promise<void> {
    const { cluster, scene } = this.#deps;
    const names = await this.#choose(victims);
    const isStop = signal === 'SIGSTOP';
    scene.tell(isStop ? 'stop' : 'kill', describe(names, signal, cluster));
    await Promise.all(names.map(({ name }) => this.#harm(name, signal)));
    if (then === 'repair') await this.#repaired(names.length);
    else await this.#pause(whileMs);
    if (!isStop) return;
    for (const { name } of names) cluster.signal(name, 'SIGCONT');
    scene.tell('return', `${names.map(({ name }) => name).join(' and ')} may run again`);
    await this.#unlessTimeUp(healed(cluster, backMsMax));
  }

  async #harm(name: string, signal: HarmSignal): Promise<void> {
    const { cluster, scene } = this.#deps;
    const harm = scene.harms.begin(name, signal, performance.now());
    cluster.signal(name, signal);
    if (signal === 'SIGKILL') await ended(cluster, name);
    else await until(`${name} is stopped`, async () => this.#isStopped(name) || undefined);
    harm.untilMs = performance.now();
  }

  async #repaired(dead: number): Promise<void> {
    const { cluster, scene } = this.#deps;
    const ms = await this.#unlessTimeUp(healed(cluster, backMsMax));
    if (ms === undefined) return;
    const { alive } = this.#alive('nodeUrls');
    scene.tell(
      'safe',
      `without ${dead === 1 ? 'it' : 'them'}, on ${alive} nodes, all files are safe after ${time(ms)}`,
    );
  }

  async #bringBack(): Promise<void> {
    const { cluster, scene } = this.#deps;
    const down = cluster.names.filter((name) => this.#state(name) !== 'running');
    if (down.length > 0) {
      scene.tell('return', `${down.join(', ')} ${down.length === 1 ? 'is' : 'are'} started again`);
    }
    await restore(cluster, down);
    await healed(cluster, backMsMax);
    scene.tell('safe', 'all processes alive, every file as safe as at first');
  }

  async #choose(victims: readonly Victim[]): Promise<{ name: string; role: string }[]> {
    const { cluster, random } = this.#deps;
    const chosen: { name: string; role: string }[] = [];
    const leader = victims.every((victim) => victim === 'node') ? '' : await etcdLeaderOf(cluster);
    for (const victim of victims) {
      const kind = victim === 'node' ? cluster.nodeUrls : cluster.etcdUrls;
      const some = [...kind.keys()].filter(
        (name) =>
          this.#state(name) === 'running' &&
          name !== (victim === 'follower' ? leader : '') &&
          chosen.every((other) => other.name !== name),
      );
      const name = victim === 'leader' ? leader : random.oneOf(some);
      chosen.push({ name, role: victim === 'node' ? '' : `${victim}, ` });
    }
    return chosen;
  }

  #alive(kind: 'nodeUrls' | 'etcdUrls') {
    const names = [...this.#deps.cluster[kind].keys()];
    const alive = names.filter((name) => this.#state(name) === 'running').length;
    return { all: names.length, alive };
  }

  #state(name: string) {
    return findProcess(this.#deps.cluster.data, name)?.state;
  }

  #isStopped(name: string): boolean {
    return this.#state(name) === 'stopped';
  }

  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#deps.timeUp }).catch(() => {});
  }

  /** Undefined: the time was up before. */
  async #unlessTimeUp<T>(work: Promise<T>): Promise<T | undefined> {
    const { timeUp } = this.#deps;
    const { promise: up, resolve } = Promise.withResolvers<undefined>();
    const end = () => resolve(undefined);
    timeUp.addEventListener('abort', end);
    if (timeUp.aborted) end();
    try {
      return await Promise.race([work, up]);
    } finally {
      timeUp.removeEventListener('abort', end);
      work.catch(() => {});
    }
  }
}

function describe(
  some: readonly { readonly name: string; readonly role: string }[],
  signal: HarmSignal,
  { pid }: LocalCluster,
): string {
  const isStop = signal === 'SIGSTOP';
  const named = some.map(({ name, role }) => `${name} (${role}PID ${pid(name)})`).join(' and ');
  if (isStop) return `${named} stopped: it hangs (SIGSTOP)`;
  return `${named} killed${some.length > 1 ? ' at once' : ''} (SIGKILL)`;
}

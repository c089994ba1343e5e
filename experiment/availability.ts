/**
 * (a) What clients see of deaths: put, get, exists and copy at fixed rates, each request on a
 * connection of its own and tried once, while processes are killed one after another.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { OpenLoopAnswer, OpenLoopKind } from '../bench/load/open-loop.ts';
import { startOpenLoop } from '../bench/run-load.ts';
import { nameOf, type Target } from '../bench/stalls.ts';
import { httpCall } from '../test/support/http-call.ts';
import { type LocalCluster, withLocalCluster } from '../test/support/local-cluster.ts';
import { sideBySide } from '../test/support/side-by-side.ts';
import { type Part, type PartOptions, rounded } from './part.ts';
import { binsOf, type Sample, spreadOf } from './summaries.ts';

const bytes = 16 * 1024;
const readable = 60;
const perSecond = 12;
const atATime = 8;
const binSeconds = 0.5;
const known = '/known';

const kinds: readonly OpenLoopKind[] = [
  { name: 'put', method: 'PUT', bytes, prefix: '/put', perSecond },
  { name: 'get', method: 'GET', bytes, prefix: known, perSecond },
  { name: 'exists', method: 'GET', bytes, prefix: `/exists${known}`, perSecond },
  { name: 'copy', method: 'POST', bytes, prefix: '/copied', source: known, perSecond },
];

/** What is killed, or 'all start': the dead are started again. */
type Event = readonly [s: number, target: Target | 'all start'];

const events: readonly Event[] = [
  [10, 'node'],
  [25, 'leader'],
  [40, 'combiner'],
  [55, 'follower'],
  [70, 'all start'],
];
const quickEvents: readonly Event[] = [
  [3, 'node'],
  [8, 'leader'],
  [12, 'all start'],
];

async function fill(url: string): Promise<void> {
  for (let n = 0; n < readable; n++) {
    const path = `${known}/${n}`;
    const { status } = await httpCall('PUT', url + path, { body: Buffer.alloc(bytes, path) });
    if (status !== 200) throw new Error(`put answered ${status}`);
  }
}

interface Mark {
  readonly s: number;
  readonly what: string;
}

async function harm(
  cluster: LocalCluster,
  plan: readonly Event[],
  began: number,
  say: (line: string) => void,
): Promise<Mark[]> {
  const marks: Mark[] = [];
  for (const [s, target] of plan) {
    await sleep(Math.max(0, began + s * 1000 - performance.now()));
    const at = rounded((performance.now() - began) / 1000, 2);
    if (target === 'all start') {
      say('the dead are started again');
      marks.push({ s: at, what: 'all started' });
      await cluster.startAgain();
      continue;
    }
    const name = await nameOf(cluster, target);
    marks.push({ s: rounded((performance.now() - began) / 1000, 2), what: target });
    cluster.signal(name, 'SIGKILL');
    say(`SIGKILL to ${name} (${target})`);
  }
  return marks;
}

interface Audit {
  readonly acknowledged: number;
  readonly lost: number;
}

/** Every file whose put or copy was acknowledged is read back; `lost` were not whole. */
async function audit(url: string, answers: readonly OpenLoopAnswer[]): Promise<Audit> {
  const made = answers.filter(({ ok, kind }) => ok && (kind === 'put' || kind === 'copy'));
  let lost = 0;
  await sideBySide(made, atATime, async ({ target }) => {
    const found = new URL(target, url).searchParams;
    const path = found.get('destination_path') ?? target;
    const source = found.get('source_path') ?? target;
    const { status, body } = await httpCall('GET', url + path);
    if (status !== 200 || !body.equals(Buffer.alloc(bytes, source))) lost += 1;
  });
  return { acknowledged: made.length, lost };
}

/** One cluster, through all that is planned. */
interface Run extends Audit {
  readonly seconds: number;
  readonly marks: readonly Mark[];
  readonly samples: readonly RunSample[];
}

interface RunSample extends Sample {
  readonly kind: string;
  readonly status: number;
  /** Before the first kill. */
  readonly isQuiet: boolean;
}

/** Counts and spreads of all runs; the course over time is the first one's. */
function describe(name: string, runs: readonly [Run, ...Run[]]) {
  const byRun = runs.map(({ samples }) => samples.filter(({ kind }) => kind === name));
  const all = byRun.flat();
  const failures = byRun.flatMap((samples, run) =>
    samples
      .filter(({ ok }) => !ok)
      .map(({ s, ms, status }) => ({ run, s: rounded(s, 2), ms: rounded(ms), status })),
  );
  return {
    name,
    failures,
    quiet: spreadOf(all.filter(({ isQuiet }) => isQuiet)),
    harmed: spreadOf(all.filter(({ isQuiet }) => !isQuiet)),
    all: spreadOf(all),
    bins: binsOf(byRun[0] ?? [], binSeconds, runs[0].seconds),
  };
}

async function runOnce({ quick, say }: PartOptions): Promise<Run> {
  return await withLocalCluster(async (cluster) => {
    await fill(cluster.url);
    const plan = quick ? quickEvents : events;
    const planned = quick ? 17 : 85;
    const port = Number(new URL(cluster.url).port);
    const load = startOpenLoop({ port, kinds, readable, freshConnections: true });
    await sleep(2000);
    const began = performance.now();
    const marks = await harm(cluster, plan, began, say);
    await sleep(Math.max(0, began + planned * 1000 - performance.now()));
    const seconds = Math.ceil((performance.now() - began) / 1000);
    await load.end();
    const epoch = performance.timeOrigin + began;
    const firstS = marks[0]?.s ?? seconds;
    const samples = load.answers
      .filter(({ due }) => due >= epoch)
      .map(({ kind, due, ms, ok, status }): RunSample => {
        const s = (due - epoch) / 1000;
        return { kind, s, ms, ok, status, isQuiet: s < firstS };
      });
    return { seconds, marks, samples, ...(await audit(cluster.url, load.answers)) };
  });
}

async function measure(options: PartOptions) {
  const repetitions = options.quick ? 1 : 3;
  const first = await runOnce(options);
  const runs: [Run, ...Run[]] = [first];
  while (runs.length < repetitions) runs.push(await runOnce(options));
  const total = (count: (run: Run) => number) => runs.reduce((sum, run) => sum + count(run), 0);
  const killed = ({ marks }: Run) => marks.filter(({ what }) => what !== 'all started').length;
  const data = {
    ...{ binSeconds, perSecond, bytes, kills: total(killed) },
    ...{ seconds: first.seconds, secondsInAll: total(({ seconds }) => seconds) },
    marks: first.marks,
    operations: kinds.map(({ name }) => describe(name, runs)),
    audit: {
      acknowledged: total(({ acknowledged }) => acknowledged),
      lost: total(({ lost }) => lost),
    },
  };
  return { repetitions, data };
}

export const availability: Part = {
  name: 'availability',
  title: 'success and latency over time, with kills',
  measure,
};

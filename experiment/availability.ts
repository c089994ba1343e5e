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

/** Every file whose put or copy was acknowledged is read back; returns how many were not whole. */
async function lost(url: string, answers: readonly OpenLoopAnswer[]): Promise<number> {
  const made = answers.filter(({ ok, kind }) => ok && (kind === 'put' || kind === 'copy'));
  let wrong = 0;
  await sideBySide(made, atATime, async ({ target }) => {
    const found = new URL(target, url).searchParams;
    const path = found.get('destination_path') ?? target;
    const source = found.get('source_path') ?? target;
    const { status, body } = await httpCall('GET', url + path);
    if (status !== 200 || !body.equals(Buffer.alloc(bytes, source))) wrong += 1;
  });
  return wrong;
}

/** One cluster, through all that is planned. */
interface Run {
  readonly seconds: number;
  readonly marks: readonly Mark[];
  readonly samples: readonly (Sample & { readonly kind: string; readonly status: number })[];
  readonly acknowledged: number;
  readonly lost: number;
}

/** Counts and spreads of all runs; the course over time is the first one's. */
function describe(name: string, runs: readonly Run[]) {
  const all = runs.map(({ samples }) => samples.filter(({ kind }) => kind === name));
  const isQuiet = ({ s }: Sample, nth: number) => s < (runs[nth]?.marks[0]?.s ?? 0);
  const failures = all.flatMap((samples, run) =>
    samples
      .filter(({ ok }) => !ok)
      .map(({ s, ms, status }) => ({ run, s: rounded(s, 2), ms: rounded(ms), status })),
  );
  return {
    name,
    failures,
    quiet: spreadOf(all.flatMap((samples, nth) => samples.filter((one) => isQuiet(one, nth)))),
    harmed: spreadOf(all.flatMap((samples, nth) => samples.filter((one) => !isQuiet(one, nth)))),
    all: spreadOf(all.flat()),
    bins: binsOf(all[0] ?? [], binSeconds, runs[0]?.seconds ?? 0),
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
    const samples = load.answers
      .filter(({ due }) => due >= epoch)
      .map(({ kind, due, ms, ok, status }) => ({ kind, s: (due - epoch) / 1000, ms, ok, status }));
    const acknowledged = load.answers.filter(
      ({ ok, kind }) => ok && (kind === 'put' || kind === 'copy'),
    ).length;
    const gone = await lost(cluster.url, load.answers);
    return { seconds, marks, samples, acknowledged, lost: gone };
  });
}

async function measure(options: PartOptions) {
  const repetitions = options.quick ? 1 : 3;
  const runs: Run[] = [];
  for (let nth = 0; nth < repetitions; nth++) runs.push(await runOnce(options));
  const total = (count: (run: Run) => number) => runs.reduce((sum, run) => sum + count(run), 0);
  const killed = ({ marks }: Run) => marks.filter(({ what }) => what !== 'all started').length;
  const data = {
    ...{ binSeconds, perSecond, bytes, kills: total(killed) },
    ...{ seconds: runs[0]?.seconds, secondsInAll: total(({ seconds }) => seconds) },
    marks: runs[0]?.marks,
    operations: kinds.map(({ name }) => describe(name, runs)),
    audit: {
      acknowledged: total(({ acknowledged }) => acknowledged),
      lost: total((run) => run.lost),
    },
  };
  return { repetitions, data };
}

export const availability: Part = {
  name: 'availability',
  title: 'success and latency over time, with kills',
  measure,
};

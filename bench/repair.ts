/**
 * `npm run bench:repair [-- --quick] [--nodes 6]`: fills a cluster, kills a node under a modest
 * load, and measures how fast the others make its bytes anew, and what clients notice of it, beside
 * what disk and network can do in the same run.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { httpCall } from '../test/support/http-call.ts';
import { type LocalCluster, startLocalCluster } from '../test/support/local-cluster.ts';
import { healed, viewOf } from '../test/support/protection.ts';
import { sideBySide } from '../test/support/side-by-side.ts';
import type { OpenLoopAnswer, OpenLoopKind } from './load/open-loop.ts';
import { startOpenLoop } from './run-load.ts';
import { loopbackMBps, sequentialWriteMBps } from './transfer-limits.ts';

const { values } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, nodes: { type: 'string', default: '6' } },
});
const MiB = 1 << 20;
const fillBytes = (values.quick ? 64 : 1024) * MiB;
const fileBytes = 4 * MiB;
const quietMs = values.quick ? 5000 : 30_000;
const warmUpMs = values.quick ? 1000 : 10_000;
const repairDelayMs = 10_000;
const readable = 50;
const victim = 'node-2';

const kinds: readonly OpenLoopKind[] = [
  { name: 'put 4 KiB', method: 'PUT', bytes: 4096, prefix: '/put-small', perSecond: 15 },
  { name: 'get 4 KiB', method: 'GET', bytes: 4096, prefix: '/small', perSecond: 15 },
  { name: 'put 1 MiB', method: 'PUT', bytes: MiB, prefix: '/put-large', perSecond: 3 },
  { name: 'get 1 MiB', method: 'GET', bytes: MiB, prefix: '/large', perSecond: 3 },
];

async function put(url: string, body: Buffer): Promise<void> {
  const { status } = await httpCall('PUT', url, { body, timeoutMs: 60_000 });
  if (status !== 200) throw new Error(`put answered ${status}`);
}

async function fill({ url }: LocalCluster): Promise<void> {
  const numbers = Array.from({ length: fillBytes / fileBytes }, (_, nth) => nth);
  await sideBySide(numbers, 4, (nth) =>
    put(`${url}/fill/${nth}`, Buffer.alloc(fileBytes, `${nth} `)),
  );
  for (let nth = 0; nth < readable; nth++) {
    await put(`${url}/small/${nth}`, Buffer.alloc(4096, nth));
    await put(`${url}/large/${nth}`, Buffer.alloc(MiB, nth));
  }
}

interface Phase {
  readonly from: number;
  readonly to: number;
}

function figuresIn(answers: readonly OpenLoopAnswer[], kind: string, { from, to }: Phase) {
  const some = answers.filter((one) => one.kind === kind && one.due >= from && one.due < to);
  const times = some.map(({ ms }) => ms).sort((a, b) => a - b);
  const at = (share: number) => times[Math.floor((times.length - 1) * share)] ?? Number.NaN;
  const failed = some.filter(({ ok }) => !ok).length;
  return { count: some.length, failed, p50: at(0.5), p99: at(0.99), most: at(1) };
}

const now = () => performance.timeOrigin + performance.now();
const storesOf = async ({ nodeUrls }: LocalCluster, but: string) => {
  const urls = [...nodeUrls].filter(([name]) => name !== but).map(([, url]) => url);
  return await Promise.all(urls.map(async (url) => (await viewOf(url)).store));
};
const sum = (numbers: readonly number[]) => numbers.reduce((all, one) => all + one, 0);
const say = (line: string) => process.stdout.write(`${line}\n`);

async function measure(cluster: LocalCluster): Promise<void> {
  const disk = sequentialWriteMBps();
  const network = await loopbackMBps();
  await fill(cluster);
  const lost = (await viewOf(cluster.nodeUrls.get(victim) as string)).store.liveBytes;
  const plan = { port: Number(new URL(cluster.url).port), kinds, readable };
  const load = startOpenLoop(plan);
  await sleep(warmUpMs);
  const quiet = { from: now(), to: now() + quietMs };
  await sleep(quietMs);
  const before = await storesOf(cluster, victim);
  cluster.signal(victim, 'SIGKILL');
  const killed = now();
  const ms = await healed(cluster);
  const repair = { from: killed + repairDelayMs, to: killed + ms };
  const after = await storesOf(cluster, victim);
  await load.end();
  const seconds = (ms - repairDelayMs) / 1000;
  const written =
    sum(after.map(({ segmentBytes }) => segmentBytes)) -
    sum(before.map(({ segmentBytes }) => segmentBytes));
  const lostMBps = lost / 1e6 / seconds;
  const share = (rate: number, limit: number) => `${((100 * rate) / limit).toFixed(0)} %`;
  say(`${values.nodes} nodes; ${victim} killed, which held ${(lost / MiB).toFixed(0)} MiB`);
  say(`safe again after ${(ms / 1000).toFixed(1)} s, of which ${repairDelayMs / 1000} s are delay`);
  say(`made anew ${lostMBps.toFixed(1)} MB/s of what was lost`);
  const all = written / 1e6 / seconds;
  say(`written, with what clients put, ${all.toFixed(1)} MB/s: ${share(all, disk)} of the disk`);
  say(`disk, sequential, synced: ${disk.toFixed(0)} MB/s; loopback: ${network.toFixed(0)} MB/s`);
  say('request    quiet: p50 ms  p99 ms  meanwhile: p50 ms  p99 ms    most  failed     × p99');
  for (const { name } of kinds) {
    const calm = figuresIn(load.answers, name, quiet);
    const busy = figuresIn(load.answers, name, repair);
    const cells = [calm.p50, calm.p99, busy.p50, busy.p99, busy.most].map((x) => x.toFixed(1));
    const [a, b, c, d, e] = cells.map((cell, nth) => cell.padStart([14, 8, 19, 8, 8][nth] ?? 0));
    const failed = `${busy.failed}/${busy.count}`.padStart(8);
    say(`${name}${a}${b}${c}${d}${e}${failed}${(busy.p99 / calm.p99).toFixed(1).padStart(10)}`);
  }
}

const cluster = await startLocalCluster({ nodes: Number(values.nodes) });
try {
  await measure(cluster);
} finally {
  await cluster.stop();
}

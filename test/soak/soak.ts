/**
 * Load and harm for as long as wanted, then peace and a reckoning: what was acknowledged is there,
 * byte for byte, from every node, and what was removed is nowhere. Fails on the first wrong answer.
 */
import assert from 'node:assert/strict';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { assertAllWhole } from '../support/audit.ts';
import { httpCall } from '../support/http-call.ts';
import { type LocalCluster, withLocalCluster } from '../support/local-cluster.ts';
import { healed } from '../support/protection.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { sideBySide } from '../support/side-by-side.ts';
import { Nemesis } from './nemesis.ts';
import { type Trend, takeSamples, trends } from './samples.ts';
import { SoakClient } from './soak-client.ts';

export interface SoakOptions {
  readonly seconds: number;
  readonly seed: number;
  readonly say: (line: string) => void;
}

export interface SoakFigures {
  readonly faults: Readonly<Record<string, number>>;
  readonly healingMsMost: number;
  readonly acknowledged: number;
  readonly refused: number;
  readonly unknown: number;
  readonly read: number;
  readonly unread: number;
  readonly present: number;
  readonly removed: number;
  readonly open: number;
  readonly trends: readonly Trend[];
}

const clientCount = 8;
const sampleMs = 2000;
const unknownShareMax = 0.2;
const removedAtATime = 16;

type Note = (entry: Readonly<Record<string, unknown>>) => void;

/** The history is kept only if the soak fails. */
export async function soak(options: SoakOptions): Promise<SoakFigures> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'dftfs-soak-'));
  const history = createWriteStream(path.join(folder, 'history.jsonl'));
  const note: Note = (entry) => {
    history.write(`${JSON.stringify({ ms: Math.round(performance.now()), ...entry })}\n`);
  };
  note({ seed: options.seed });
  options.say(`seed ${options.seed}, history in ${folder}`);
  try {
    const figures = await withLocalCluster((cluster) => soaked(cluster, options, note));
    await rm(folder, { recursive: true });
    return figures;
  } finally {
    history.end();
  }
}

async function soaked(
  cluster: LocalCluster,
  { seconds, seed, say }: SoakOptions,
  note: Note,
): Promise<SoakFigures> {
  const doors = [cluster.url, ...cluster.nodeUrls.values()];
  const clients = Array.from({ length: clientCount }, (_, n) => {
    const random = new SeededRandom(seed + 1 + n);
    const folder = `/soak/${n}`;
    return new SoakClient({
      folder,
      doors,
      random,
      note: (entry) => note({ client: n, ...entry }),
    });
  });
  const nemesis = new Nemesis({ cluster, random: new SeededRandom(seed), note, say });
  const end = new AbortController();
  const until = performance.now() + seconds * 1000;
  const harm = async () => {
    while (performance.now() < until && !end.signal.aborted) await nemesis.round();
  };
  const load = async (client: SoakClient) => {
    while (!end.signal.aborted) await client.step();
  };
  const harming = harm().finally(() => end.abort());
  const loading = clients.map((client) => load(client).finally(() => end.abort()));
  const [samples] = await settled([
    takeSamples(cluster, sampleMs, end.signal),
    harming,
    ...loading,
  ]);
  await healed(cluster);
  await audit(cluster, clients, say);
  const figures = figuresOf(clients, nemesis, trends(samples));
  assertNotVoid(figures);
  return figures;
}

/** All come to their end, whatever one of them meets; then its failure counts. */
async function settled<T extends readonly Promise<unknown>[]>(work: readonly [...T]) {
  await Promise.allSettled(work);
  return await Promise.all(work);
}

async function audit(
  { nodeUrls }: LocalCluster,
  clients: readonly SoakClient[],
  say: (line: string) => void,
): Promise<void> {
  const doors = [...nodeUrls.values()];
  for (const client of clients) {
    for (const change of client.known.open) {
      assert.ok(await client.observe(change), `${change.kind} can't be looked at`);
    }
  }
  const present = clients.flatMap(({ known }) => [...known.present]);
  const files = present.map(([path, content]) => ({ path, ...content }));
  const reads = await assertAllWhole(files, doors);
  const removed = clients.flatMap(({ known }) => [...known.removed]);
  const back: string[] = [];
  const asked = removed.flatMap((path) => doors.map((door) => ({ path, door })));
  await sideBySide(asked, removedAtATime, async ({ path, door }) => {
    const { status } = await httpCall('GET', door + path);
    if (status !== 404) back.push(`${path} from ${door}: ${status}`);
  });
  assert.deepEqual(back.slice(0, 10), [], `${back.length} removed files are back`);
  say(`${files.length} files in ${reads} reads whole, ${removed.length} removed ones gone`);
}

function figuresOf(
  clients: readonly SoakClient[],
  nemesis: Nemesis,
  trends: readonly Trend[],
): SoakFigures {
  const sum = (figure: (client: SoakClient) => number) =>
    clients.reduce((all, client) => all + figure(client), 0);
  return {
    faults: nemesis.faults,
    healingMsMost: Math.max(...nemesis.healingMs),
    acknowledged: sum(({ counts }) => counts.acknowledged),
    refused: sum(({ counts }) => counts.refused),
    unknown: sum(({ counts }) => counts.unknown),
    read: sum(({ counts }) => counts.read),
    unread: sum(({ counts }) => counts.unread),
    present: sum(({ known }) => known.present.size),
    removed: sum(({ known }) => known.removed.size),
    open: sum(({ known }) => known.open.length),
    trends,
  };
}

function assertNotVoid({ faults, acknowledged, unknown, read }: SoakFigures): void {
  const harms = Object.values(faults).reduce((sum, count) => sum + count, 0);
  assert.ok(harms > 0 && acknowledged > 0 && read > 0, 'void: nothing was harmed or acknowledged');
  const all = acknowledged + unknown;
  assert.ok(unknown <= all * unknownShareMax, `void: ${unknown} of ${all} writes are unknown`);
}

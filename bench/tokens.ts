/**
 * What tokens cost: `npm run bench:tokens [-- --rounds N --clients N --seconds N]`. Two clusters
 * stand side by side, one with tokens and one without, and are loaded with small files in turn, so
 * that what else the machine does hits both alike. Tells the median of what each pair of turns
 * differs by.
 */
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { adminTokenPath } from '#app/local/manifest.ts';
import { Storage } from '#client/index.ts';
import { startLocalCluster } from '../test/support/local-cluster.ts';
import { runLoad } from './run-load.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '15' },
    clients: { type: 'string', default: '64' },
    seconds: { type: 'string', default: '3' },
  },
});
const [rounds, clients, seconds] = [values.rounds, values.clients, values.seconds].map(Number) as [
  number,
  number,
  number,
];
const operations = ['put', 'get'] as const;
type Operation = (typeof operations)[number];
const files = 1000;
const bytes = 4096;

interface Contender {
  readonly port: number;
  readonly token: string | undefined;
  stop(): Promise<void>;
}

async function startContender(hasTokens: boolean): Promise<Contender> {
  const words = hasTokens ? ['--tokens'] : [];
  const cluster = await startLocalCluster({ nodes: 5, etcd: 3, words });
  const read = async () => (await readFile(adminTokenPath(cluster.data), 'utf8')).trim();
  const token = hasTokens ? await read() : undefined;
  const storage = new Storage([cluster.url], { token });
  for (let n = 0; n < files; n++) await storage.put(`/read/${n}`, Buffer.alloc(bytes, n));
  storage.close();
  return { port: Number(new URL(cluster.url).port), token, stop: () => cluster.stop() };
}

async function perSecond(
  { port, token }: Contender,
  operation: Operation,
  round: number,
): Promise<number> {
  const prefix = operation === 'put' ? `/write/${round}` : '/read';
  const plan = { port, token, bytes, files, clients, seconds, operation, prefix };
  const load = await runLoad(plan);
  if (load.errors > 0) throw new Error(`${load.errors} ${operation}s failed`);
  return load.perSecond;
}

const median = (figures: readonly number[]): number =>
  [...figures].sort((a, b) => a - b)[Math.floor(figures.length / 2)] ?? 0;

async function compare(open: Contender, guarded: Contender, operation: Operation): Promise<void> {
  const seen: { readonly open: number; readonly guarded: number }[] = [];
  // In the first, fresh processes run unoptimised code.
  for (let round = -1; round < rounds; round++) {
    const order = round % 2 === 0 ? [open, guarded] : [guarded, open];
    const rates = new Map<Contender, number>();
    for (const one of order) rates.set(one, await perSecond(one, operation, round));
    const pair = { open: rates.get(open) ?? 0, guarded: rates.get(guarded) ?? 0 };
    if (round >= 0) seen.push(pair);
    process.stderr.write(`${operation} ${pair.open.toFixed(0)} ${pair.guarded.toFixed(0)} /s\n`);
  }
  const [off, on] = [median(seen.map((one) => one.open)), median(seen.map((one) => one.guarded))];
  const cost = median(seen.map((one) => (1 - one.guarded / one.open) * 100));
  const figures = `${off.toFixed(0)} /s without, ${on.toFixed(0)} /s with tokens`;
  process.stdout.write(`${operation}: ${figures}; median of pairs: ${cost.toFixed(1)} % fewer\n`);
}

const contenders: Contender[] = [];
try {
  for (const hasTokens of [false, true]) contenders.push(await startContender(hasTokens));
  const [open, guarded] = contenders as [Contender, Contender];
  for (const operation of operations) await compare(open, guarded, operation);
} finally {
  for (const one of contenders) await one.stop();
}

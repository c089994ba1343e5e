/**
 * What tokens cost: `npm run bench:tokens [-- --rounds N --clients N --seconds N]`. The same
 * cluster is loaded with small files without tokens and with them, turn by turn, so that what
 * else the machine does hits both alike. Tells the medians, and how far apart they are.
 */
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { adminTokenPath } from '#app/local/manifest.ts';
import { Storage } from '#client/index.ts';
import { startLocalCluster } from '../test/support/local-cluster.ts';
import { runLoad } from './run-load.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    clients: { type: 'string', default: '64' },
    seconds: { type: 'string', default: '5' },
  },
});
const [rounds, clients, seconds] = [values.rounds, values.clients, values.seconds].map(Number) as [
  number,
  number,
  number,
];
const operations = ['put', 'get'] as const;
const files = 1000;
const bytes = 4096;

type Figures = Record<(typeof operations)[number], number[]>;
const seen: Record<'off' | 'on', Figures> = { off: { put: [], get: [] }, on: { put: [], get: [] } };

const cluster = await startLocalCluster({ nodes: 6 });
const port = Number(new URL(cluster.url).port);

async function measure(round: number, tokens: 'off' | 'on'): Promise<void> {
  await cluster.end();
  await cluster.startAgain(6, tokens === 'on' ? '--tokens' : '--no-tokens');
  const token =
    tokens === 'on' ? (await readFile(adminTokenPath(cluster.data), 'utf8')).trim() : undefined;
  if (round === 0 && tokens === 'off') await fill();
  const plan = { port, bytes, files, clients, token };
  // Fresh processes run unoptimised code.
  await runLoad({ ...plan, seconds, operation: 'put', prefix: `/warm/${round}/${tokens}` });
  await runLoad({ ...plan, seconds, operation: 'get', prefix: '/read' });
  for (const operation of operations) {
    const prefix = operation === 'put' ? `/write/${round}/${tokens}` : '/read';
    const load = await runLoad({ ...plan, seconds, operation, prefix });
    if (load.errors > 0) throw new Error(`${load.errors} ${operation}s failed`);
    seen[tokens][operation].push(load.perSecond);
    process.stderr.write(`tokens ${tokens}: ${operation} ${Math.round(load.perSecond)} /s\n`);
  }
}

async function fill(): Promise<void> {
  const storage = new Storage([cluster.url]);
  for (let n = 0; n < files; n++) await storage.put(`/read/${n}`, Buffer.alloc(bytes, n));
  storage.close();
}

const median = (figures: readonly number[]): number =>
  [...figures].sort((a, b) => a - b)[Math.floor(figures.length / 2)] ?? 0;

try {
  for (let round = 0; round < rounds; round++) {
    for (const tokens of round % 2 === 0 ? (['off', 'on'] as const) : (['on', 'off'] as const)) {
      await measure(round, tokens);
    }
  }
  for (const operation of operations) {
    const [off, on] = [median(seen.off[operation]), median(seen.on[operation])];
    const cost = ((off - on) / off) * 100;
    const rates = `${Math.round(off)} /s without, ${Math.round(on)} /s with tokens`;
    process.stdout.write(`${operation}: ${rates}: ${cost.toFixed(1)} %\n`);
  }
} finally {
  await cluster.stop();
}

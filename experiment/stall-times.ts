/** (f) The longest wait of any request after each kind of kill, again and again. */
import { nameOf, type Stall, stallKinds, stallOf } from '../bench/stalls.ts';
import { ended, restore } from '../test/support/cluster-state.ts';
import { type LocalCluster, withLocalCluster } from '../test/support/local-cluster.ts';
import { type Part, type PartOptions, rounded } from './part.ts';

type Kind = (typeof stallKinds)[number];

async function stall(cluster: LocalCluster, [target, signal]: Kind, folder: string) {
  const name = await nameOf(cluster, target);
  const seen = await stallOf(cluster, { name, signal, what: `${signal} of a ${target}`, folder });
  if (signal !== 'SIGSTOP') await ended(cluster, name);
  await restore(cluster, [name]);
  return seen;
}

const figuresOf = ({ requests, broken, wrong, p50Ms, p99Ms, longestMs }: Stall) => ({
  ...{ requests, broken, wrong },
  ...{ p50Ms: rounded(p50Ms), p99Ms: rounded(p99Ms), longestMs: rounded(longestMs) },
});

/** What clients wait at most when nothing is harmed: the machine's own hiccups. */
async function calm(cluster: LocalCluster, folder: string): Promise<Stall> {
  return await stallOf(cluster, { what: 'nothing', folder });
}

async function measure({ quick, say }: PartOptions) {
  const repetitions = quick ? 1 : 4;
  const chosen = quick
    ? stallKinds.filter(([, signal], nth) => nth === 0 || signal === 'SIGSTOP').slice(0, 2)
    : stallKinds;
  const runs: { target: string; signal: string; figures: ReturnType<typeof figuresOf>[] }[] = [
    { target: 'nothing', signal: '', figures: [] },
    ...chosen.map(([target, signal]) => ({ target, signal, figures: [] })),
  ];
  await withLocalCluster(async (cluster) => {
    for (let nth = 0; nth < repetitions; nth++) {
      for (const [row, { target, signal, figures }] of runs.entries()) {
        const folder = `/stall-${nth}-${row}`;
        const kind = chosen[row - 1];
        const seen = kind ? await stall(cluster, kind, folder) : await calm(cluster, folder);
        figures.push(figuresOf(seen));
        say(`${signal} ${target}: ${seen.longestMs.toFixed(0)} ms, ${seen.broken} broken`);
      }
    }
  });
  return { repetitions, data: { runs } };
}

export const stallTimes: Part = {
  name: 'stalls',
  title: 'the longest wait after each kind of kill',
  measure,
};

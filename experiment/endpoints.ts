/** (b) Every single process killed, and every pair of them: what each endpoint answers then. */
import { type AskedFile, ask, read, upload } from '../test/support/busy-door.ts';
import { combinerOf, ended, etcdLeaderOf, restore } from '../test/support/cluster-state.ts';
import { assertEveryEndpoint, type EndpointCall } from '../test/support/every-endpoint.ts';
import { type LocalCluster, withLocalCluster } from '../test/support/local-cluster.ts';
import { sideBySide } from '../test/support/side-by-side.ts';
import { type Part, type PartOptions, rounded } from './part.ts';
import { choices } from './theory.ts';

const sizes = [0, 1, 4096, 65_537, 262_145, 1_048_577, 3_500_000];
const fileCount = 14;
const quickFileCount = 7;
const atATime = 4;
const rounds = 3;

interface Killed {
  readonly victims: readonly string[];
  /** What they were: node, combiner, leader or follower of etcd. */
  readonly roles: readonly string[];
  readonly calls: readonly EndpointTally[];
  readonly files: number;
  readonly whole: number;
  readonly longestMs: number;
  readonly errors: readonly string[];
}

interface EndpointTally {
  readonly endpoint: string;
  readonly tried: number;
  readonly right: number;
  readonly longestMs: number;
}

function talliesOf(calls: readonly EndpointCall[]): EndpointTally[] {
  const names = [...new Set(calls.map(({ endpoint }) => endpoint))];
  return names.map((endpoint) => {
    const some = calls.filter((call) => call.endpoint === endpoint);
    return {
      endpoint,
      tried: some.length,
      right: some.filter(({ status, expected }) => status === expected).length,
      longestMs: rounded(Math.max(...some.map(({ ms }) => ms))),
    };
  });
}

async function rolesOf(cluster: LocalCluster): Promise<(name: string) => string> {
  const [combiner, leader] = [await combinerOf(cluster), await etcdLeaderOf(cluster)];
  return (name) => {
    if (name.startsWith('etcd')) return name === leader ? 'etcd leader' : 'etcd follower';
    return name === combiner ? 'combiner' : 'node';
  };
}

interface Round {
  readonly cluster: LocalCluster;
  readonly files: readonly AskedFile[];
  readonly passes: number;
  /** New names are made under it. */
  readonly folder: string;
}

/** Requests begin at once, while the dead still count as alive. */
async function kill(victims: readonly string[], round: Round): Promise<Killed> {
  const { cluster, files, passes, folder } = round;
  const role = await rolesOf(cluster);
  const roles = victims.map(role);
  const calls: EndpointCall[] = [];
  const errors: string[] = [];
  for (const name of victims) cluster.signal(name, 'SIGKILL');
  for (let pass = 0; pass < passes; pass++) {
    await assertEveryEndpoint(cluster.url, `${folder}-${pass}`, (call) => calls.push(call)).catch(
      (error) => errors.push(String(error).slice(0, 300)),
    );
  }
  let whole = 0;
  await sideBySide(files, atATime, async (file) => {
    const found = await read(file, cluster.url).catch(String);
    if (found === 'whole') whole += 1;
    else errors.push(`${file.path}: ${found.slice(0, 300)}`);
  });
  for (const name of victims) await ended(cluster, name);
  await restore(cluster, victims);
  const longestMs = rounded(Math.max(...calls.map(({ ms }) => ms)));
  return { victims, roles, calls: talliesOf(calls), files: files.length, whole, longestMs, errors };
}

async function measure({ quick, random, say }: PartOptions) {
  return await withLocalCluster(async (cluster) => {
    const count = quick ? quickFileCount : fileCount;
    const files = Array.from({ length: count }, (_, n) =>
      upload(`/file/${n}`, sizes[n % sizes.length] as number),
    );
    await sideBySide(files, atATime, async (file) => {
      if ((await ask(file, cluster.url)) !== 'acknowledged') throw new Error(file.path);
    });
    let names = 0;
    const killAll = async (some: readonly (readonly string[])[], passes: number) => {
      const all: Killed[] = [];
      for (const victims of some) {
        const killed = await kill(victims, { cluster, files, passes, folder: `/pass-${names++}` });
        say(`${victims.join(' + ')}: ${killed.errors.length} errors, ${killed.longestMs} ms`);
        all.push(killed);
      }
      return all;
    };
    const { names: processes } = cluster;
    const single = processes.map((name) => [name]);
    const pairs = choices(processes, 2);
    const some = [['node-2'], [await etcdLeaderOf(cluster)]];
    const singles = await killAll(quick ? some : single, rounds);
    const both = await killAll(quick ? [random.oneOf(pairs), random.oneOf(pairs)] : pairs, 1);
    return {
      repetitions: rounds,
      data: { processes, singles, pairs: both, possible: pairs.length },
    };
  });
}

export const endpoints: Part = {
  name: 'endpoints',
  title: 'every endpoint after the death of every process and every pair',
  measure,
};

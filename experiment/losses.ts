/**
 * (c) How many files can be read without so many nodes: killed at once, against what the members of
 * their volumes say; and killed one after another, with time to repair between.
 */
import { type AskedFile, ask, read, upload } from '../test/support/busy-door.ts';
import { ended, restore } from '../test/support/cluster-state.ts';
import { httpCall } from '../test/support/http-call.ts';
import { type LocalCluster, withLocalCluster } from '../test/support/local-cluster.ts';
import { healed } from '../test/support/protection.ts';
import type { SeededRandom } from '../test/support/seeded-random.ts';
import { sideBySide } from '../test/support/side-by-side.ts';
import { type Part, type PartOptions, rounded } from './part.ts';
import { choices, isReadable, overall, type Placement, readableShare } from './theory.ts';

const sizes = [1, 4096, 200_000, 400_000, 1_500_000, 3_000_000];
const fileCount = 48;
const quickFileCount = 12;
/** Small files that are put together would share a volume. */
const putsAtATime = 1;
const readsAtATime = 16;
/** With two nodes left; so few are beyond what is promised. */
const healingMsMax = 60_000;

async function placementOf(url: string, path: string): Promise<Placement> {
  const { status, body } = await httpCall('GET', `${url}/stat?path=${path}`);
  if (status !== 200) throw new Error(`stat answered ${status}: ${body}`);
  const { extents } = JSON.parse(body.toString()) as {
    extents: { k: number; members: { node: string }[] }[];
  };
  return {
    path,
    extents: extents.map(({ k, members }) => ({ k, members: members.map(({ node }) => node) })),
  };
}

const placementsOf = (url: string, files: readonly AskedFile[]): Promise<Placement[]> =>
  Promise.all(files.map(({ path }) => placementOf(url, path)));

interface Reading {
  readonly whole: ReadonlySet<string>;
  /** 503, or no answer: nobody says that there is no such file. */
  readonly refused: number;
  /** A false 404, or wrong bytes. */
  readonly lies: number;
}

async function readAll(url: string, files: readonly AskedFile[]): Promise<Reading> {
  const whole = new Set<string>();
  let lies = 0;
  await sideBySide(files, readsAtATime, async (file) => {
    const found = await read(file, url, 20_000).catch(() => 'wrong');
    if (found === 'whole') whole.add(file.path);
    if (found === 'absent' || found === 'wrong') lies += 1;
  });
  return { whole, refused: files.length - whole.size - lies, lies };
}

async function killAtOnce(
  cluster: LocalCluster,
  files: readonly AskedFile[],
  placements: readonly Placement[],
  victims: readonly string[],
) {
  for (const name of victims) cluster.signal(name, 'SIGKILL');
  const { whole, refused, lies } = await readAll(cluster.url, files);
  const dead = new Set(victims);
  const isNobodyLeft = victims.length === cluster.nodeUrls.size;
  const expected = placements.filter((file) => !isNobodyLeft && isReadable(file, dead));
  const unreadable = expected.filter((file) => !whole.has(file.path)).length;
  // A former member keeps its shards for a while, and readers ask it too.
  const besides = whole.size - (expected.length - unreadable);
  return {
    ...{ victims, killed: victims.length, readable: whole.size, expected: expected.length },
    ...{ unreadable, besides, refused, lies },
  };
}

async function revive(cluster: LocalCluster, victims: readonly string[]): Promise<void> {
  for (const name of victims) await ended(cluster, name);
  if (victims.length > 0) await restore(cluster, victims);
  await healed(cluster);
}

function subsets(
  nodes: readonly string[],
  { quick, random }: { quick: boolean; random: SeededRandom },
): string[][] {
  const counts = quick ? [0, 2, 4, 6] : [0, 1, 2, 3, 4, 5, 6];
  const times = (killed: number) => (quick || killed === 0 || killed === 6 ? 1 : 3);
  return counts.flatMap((killed) => {
    const all = choices(nodes, killed);
    return Array.from({ length: times(killed) }, () => random.oneOf(all));
  });
}

async function killInTurn(
  cluster: LocalCluster,
  files: readonly AskedFile[],
  deaths: number,
  say: (line: string) => void,
) {
  const all = [];
  for (const [nth, name] of [...cluster.nodeUrls.keys()].reverse().slice(0, deaths).entries()) {
    cluster.signal(name, 'SIGKILL');
    await ended(cluster, name);
    const left = cluster.nodeUrls.size - nth - 1;
    const seconds = await healed(cluster, healingMsMax).then(
      (ms) => rounded(ms / 1000),
      () => null,
    );
    const { whole, refused, lies } = await readAll(cluster.url, files);
    say(`${left} nodes left: ${whole.size} of ${files.length} readable, safe after ${seconds} s`);
    all.push({ killed: nth + 1, readable: whole.size, refused, lies, seconds });
  }
  return all;
}

async function measure(options: PartOptions) {
  const { quick, say } = options;
  return await withLocalCluster(async (cluster) => {
    const nodes = [...cluster.nodeUrls.keys()];
    const files = Array.from({ length: quick ? quickFileCount : fileCount }, (_, n) =>
      upload(`/file/${n}`, sizes[n % sizes.length] as number),
    );
    await sideBySide(files, putsAtATime, async (file) => {
      if ((await ask(file, cluster.url)) !== 'acknowledged') throw new Error(file.path);
    });
    const atOnce = [];
    const snapshots: Placement[][] = [];
    for (const victims of subsets(nodes, options)) {
      const placements = await placementsOf(cluster.url, files);
      snapshots.push(placements);
      const seen = await killAtOnce(cluster, files, placements, victims);
      say(`${seen.killed} at once: ${seen.readable} readable, ${seen.expected} expected`);
      atOnce.push(seen);
      await revive(cluster, victims);
    }
    const inTurn = await killInTurn(cluster, files, quick ? 1 : 4, say);
    const theory = [0, ...nodes.keys().map((nth) => nth + 1)].map((killed) =>
      overall(snapshots.map((placements) => readableShare(placements, nodes, killed))),
    );
    const data = { nodes: nodes.length, files: files.length, theory, atOnce, inTurn };
    return { repetitions: quick ? 1 : 3, data };
  });
}

export const losses: Part = {
  name: 'losses',
  title: 'readable files without so many nodes',
  measure,
};

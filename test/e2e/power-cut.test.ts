/**
 * Power goes: for a node, a member of etcd, two of them, or everything at once, at any moment of a
 * load. Only what was on the disks then is left. Every file that was acknowledged is read back from
 * every node, byte for byte.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { assertAllWhole } from '../support/audit.ts';
import { type AskedFile, ask, copyOf, read, upload } from '../support/busy-door.ts';
import { allLive } from '../support/cluster-state.ts';
import { isFullForm } from '../support/full-form.ts';
import { type LocalCluster, withLocalCluster } from '../support/local-cluster.ts';
import { whyNoLoopDisks } from '../support/loop-disk.ts';
import { PowerCuts } from '../support/power-cuts.ts';
import { newSeed, SeededRandom } from '../support/seeded-random.ts';

const cuts = isFullForm ? 50 : 3;
const clients = 8;
const loadMsMin = 500;
const loadMsMax = 2500;
const unknownShareMax = 0.2;
/** Of those of earlier cuts; all are read in the end. */
const readAgain = 100;

interface Asked {
  readonly acknowledged: AskedFile[];
  readonly unknown: AskedFile[];
}

const sizeOf = (random: SeededRandom): number =>
  random.fraction() < 0.7 ? random.between(0, 100_000) : random.between(300_000, 3_000_000);

/** Clients of all nodes, one request after another each, until they are told to end. */
async function load(
  { nodeUrls }: LocalCluster,
  folder: string,
  random: SeededRandom,
  end: AbortSignal,
): Promise<Asked> {
  const doors = [...nodeUrls.values()];
  const asked: Asked = { acknowledged: [], unknown: [] };
  let names = 0;
  const client = async () => {
    while (!end.aborted) {
      const path = `${folder}/${names++}`;
      const source = asked.acknowledged.at(-1);
      const isCopy = source !== undefined && random.fraction() < 0.2;
      const file = isCopy ? copyOf(source, path) : upload(path, sizeOf(random));
      const isDone = (await ask(file, random.oneOf(doors))) === 'acknowledged';
      (isDone ? asked.acknowledged : asked.unknown).push(file);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return asked;
}

/** Everything; a node; a member of etcd; one of each; two nodes; and again. */
function victims({ names, nodeUrls, etcdUrls }: LocalCluster, nth: number, random: SeededRandom) {
  const node = random.oneOf([...nodeUrls.keys()]);
  const member = random.oneOf([...etcdUrls.keys()]);
  const other = random.oneOf([...nodeUrls.keys()].filter((name) => name !== node));
  return [names, [node], [member], [node, member], [node, other]][nth % 5] as readonly string[];
}

async function survivesCut(
  cluster: LocalCluster,
  power: PowerCuts,
  names: readonly string[],
  folder: string,
  random: SeededRandom,
): Promise<Asked> {
  const end = new AbortController();
  const loaded = load(cluster, folder, random, end.signal);
  await Promise.race([loaded, sleep(random.between(loadMsMin, loadMsMax))]);
  // What is under way is caught by the cut; nobody asks those who are gone for more.
  end.abort();
  await power.cut(names);
  const asked = await loaded;
  await cluster.startAgain();
  await allLive(cluster);
  const doors = [...cluster.nodeUrls.values()];
  await assertAllWhole(asked.acknowledged, doors);
  for (const file of asked.unknown) {
    const found = await read(file, random.oneOf(doors));
    assert.ok(found === 'whole' || found === 'absent', `${file.path}: ${found}`);
  }
  return asked;
}

test(`power is cut ${cuts} times under load`, { skip: await whyNoLoopDisks() }, async (t) => {
  const seed = newSeed();
  t.diagnostic(`seed ${seed}`);
  const random = new SeededRandom(seed);
  await withLocalCluster(async (cluster) => {
    const doors = [...cluster.nodeUrls.values()];
    const acknowledged: AskedFile[] = [];
    let unknown = 0;
    let reads = 0;
    const power = await PowerCuts.under(cluster);
    try {
      for (let nth = 0; nth < cuts; nth++) {
        const names = victims(cluster, nth, random);
        const earlier = Array.from({ length: Math.min(readAgain, acknowledged.length) }, () =>
          random.oneOf(acknowledged),
        );
        const asked = await survivesCut(cluster, power, names, `/cut-${nth}`, random);
        const which = names.length === cluster.names.length ? 'everything' : names.join(' + ');
        const counts = `${asked.acknowledged.length} acknowledged, ${asked.unknown.length} unknown`;
        t.diagnostic(`cut ${nth + 1}: ${which}: ${counts}`);
        assert.ok(asked.acknowledged.length > 0, 'void: nothing was acknowledged');
        reads += await assertAllWhole(earlier, doors);
        acknowledged.push(...asked.acknowledged);
        unknown += asked.unknown.length;
      }
      reads += await assertAllWhole(acknowledged, doors);
    } catch (error) {
      await power.release().catch((after) => t.diagnostic(`and then: ${after}`));
      throw error;
    }
    await power.release();
    const { lost, survived } = power.canaries;
    t.diagnostic(`${acknowledged.length} files acknowledged, all read back whole from every node`);
    t.diagnostic(`${unknown} unknown, ${reads} reads; ${lost} of ${lost + survived} canaries lost`);
    assert.ok(lost > survived, 'void: what nobody had synced survived');
    const all = acknowledged.length + unknown;
    assert.ok(unknown <= all * unknownShareMax, `void: ${unknown} of ${all} are unknown`);
  });
});

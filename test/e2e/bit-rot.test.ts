/**
 * Bits flip in what nodes have on their disks, in headers, bodies and the index, and segments lose
 * their ends, of running nodes and of such that are down. All of it is found and made anew, and
 * nobody is ever served a wrong byte. One node at a time: no stripe loses more than it may.
 */
import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { processFolder } from '#app/local/manifest.ts';
import { assertAllWhole } from '../support/audit.ts';
import { type AskedFile, ask, read, upload } from '../support/busy-door.ts';
import { allLive, ended } from '../support/cluster-state.ts';
import { isFullForm } from '../support/full-form.ts';
import { httpCall } from '../support/http-call.ts';
import { type LocalCluster, withLocalCluster } from '../support/local-cluster.ts';
import { healed } from '../support/protection.ts';
import { newSeed, SeededRandom } from '../support/seeded-random.ts';
import { sideBySide } from '../support/side-by-side.ts';
import { cutOff, flipBit, type StoredRecord, soundRecords } from '../support/stored-records.ts';
import { until } from '../support/until.ts';

const damages = isFullForm ? 1000 : 24;
const damagesPerRound = isFullForm ? 25 : 12;
const files = isFullForm ? 400 : 60;
const sizes = [1, 3000, 70_000, 262_144, 1_048_577, 2_500_000];
const indexFlips = 3;
const cutRecordsMax = 5;
const mendingMsMax = 300_000;
/** So that the next look at any shard is soon. */
const environment = { DFTFS_SCRUB_BYTES_PER_SECOND: String(2 ** 32), DFTFS_SCRUB_PAUSE_MS: '500' };

const storeOf = ({ data }: LocalCluster, name: string) =>
  path.join(processFolder(data, name), 'store');

async function putAll(url: string): Promise<AskedFile[]> {
  const all = Array.from({ length: files }, (_, nth) =>
    upload(`/rot/${nth}`, sizes[nth % sizes.length] as number),
  );
  await sideBySide(all, 8, async (file) => {
    assert.equal(await ask(file, url), 'acknowledged', file.path);
  });
  return all;
}

interface Harm {
  readonly flips: number;
  readonly cuts: number;
  /** Of shards, as text. */
  readonly keys: ReadonlySet<string>;
}

/** One cut, which may take several records, and flips in records before it. */
async function harm(store: string, random: SeededRandom, count: number): Promise<Harm> {
  const records = await soundRecords(store);
  const lastFile = random.oneOf([...new Set(records.map(({ file }) => file))]);
  const inFile = records.filter(({ file }) => file === lastFile);
  const gone = inFile.slice(-random.between(1, cutRecordsMax));
  const [first] = gone as [StoredRecord];
  const keys = new Set(gone.map(({ key }) => key));
  await cutOff(first.file, random.between(first.start, first.end - 1));
  const rest = records.filter(({ key }) => !keys.has(key));
  assert.ok(rest.length >= count, 'void: too few records');
  for (let flips = 1; flips < count; flips++) {
    const [record] = rest.splice(random.between(0, rest.length - 1), 1) as [StoredRecord];
    await flipBit(record.file, placeIn(record, random), random.between(0, 7));
    keys.add(record.key);
  }
  return { flips: count - 1, cuts: 1, keys };
}

/** Anywhere; one in four is in the header, which is small. */
function placeIn({ start, end }: StoredRecord, random: SeededRandom): number {
  const headerOnly = random.fraction() < 0.25;
  return random.between(start, headerOnly ? start + 55 : end - 1);
}

async function harmIndex(store: string, random: SeededRandom): Promise<void> {
  const file = path.join(store, 'index', 'data.mdb');
  const { size } = await stat(file);
  for (let n = 0; n < indexFlips; n++) {
    await flipBit(file, random.between(0, size - 1), random.between(0, 7));
  }
}

/** Clients read everything, over and over, until the disk holds all that it held. */
async function mended(
  cluster: LocalCluster,
  name: string,
  { keys }: Harm,
  known: readonly AskedFile[],
): Promise<number> {
  const end = new AbortController();
  const doors = [...cluster.nodeUrls.values()];
  let reads = 0;
  const reader = async (nth: number) => {
    for (let at = nth; !end.signal.aborted; at += 1) {
      const file = known[(at * 7) % known.length] as AskedFile;
      assert.equal(await read(file, doors[at % doors.length] as string), 'whole', file.path);
      reads += 1;
    }
  };
  const looking = async () => {
    let left = [...keys];
    const look = async () => {
      const sound = new Set((await soundRecords(storeOf(cluster, name))).map(({ key }) => key));
      left = left.filter((key) => !sound.has(key));
      return left.length === 0 || undefined;
    };
    await until(`${name} is mended`, look, mendingMsMax, () => `left: ${left}`);
  };
  const looked = looking().finally(() => end.abort());
  await Promise.all([looked, reader(0), reader(1)].map((work) => work.finally(() => end.abort())));
  return reads;
}

test(`${damages} damages of disks are found and mended`, async (t) => {
  const seed = newSeed();
  t.diagnostic(`seed ${seed}`);
  const random = new SeededRandom(seed);
  const work = async (cluster: LocalCluster) => {
    const known = await putAll(cluster.url);
    await healed(cluster);
    const names = [...cluster.nodeUrls.keys()];
    const sum = { flips: 0, cuts: 0, shards: 0, indexFlips: 0, reads: 0 };
    for (let round = 0; sum.flips + sum.cuts < damages; round++) {
      const name = names[round % names.length] as string;
      const isDown = round % 2 === 1;
      if (isDown) {
        cluster.signal(name, 'SIGKILL');
        await ended(cluster, name);
        await harmIndex(storeOf(cluster, name), random);
        sum.indexFlips += indexFlips;
      }
      // A node that runs stands still meanwhile, or its compaction would take the files away.
      if (!isDown) cluster.signal(name, 'SIGSTOP');
      const done = await harm(storeOf(cluster, name), random, damagesPerRound);
      if (isDown) await cluster.startAgain();
      else cluster.signal(name, 'SIGCONT');
      await allLive(cluster);
      const began = performance.now();
      sum.reads += await mended(cluster, name, done, known);
      const seconds = ((performance.now() - began) / 1000).toFixed(1);
      const shown = `${done.keys.size} shards mended in ${seconds} s`;
      t.diagnostic(`${name}${isDown ? ', while it was down' : ''}: ${shown}`);
      sum.flips += done.flips;
      sum.cuts += done.cuts;
      sum.shards += done.keys.size;
    }
    sum.reads += await assertAllWhole(known, [...cluster.nodeUrls.values()]);
    t.diagnostic(`all mended, no byte wrong: ${JSON.stringify(sum)}`);
  };
  await withLocalCluster(work, { environment });
});

test('what is damaged on too many disks is refused, not served and not denied', async () => {
  await withLocalCluster(async (cluster) => {
    const lost = upload('/lost', 50_000);
    const kept = upload('/kept', 50_000);
    for (const file of [lost, kept]) assert.equal(await ask(file, cluster.url), 'acknowledged');
    const holders = await Promise.all(
      [...cluster.nodeUrls.keys()].map((name) => soundRecords(storeOf(cluster, name))),
    );
    const described = await httpCall('GET', `${cluster.url}/stat?path=${lost.path}`);
    const { blob } = JSON.parse(described.body.toString()) as { blob: string };
    for (const record of holders.flat().filter(({ key }) => key.slice(16, 48) === blob)) {
      await flipBit(record.file, record.end - 1, 0);
    }
    for (const door of cluster.nodeUrls.values()) {
      const { status } = await httpCall('GET', door + lost.path);
      assert.equal(status, 503);
      assert.equal(String((await httpCall('GET', `${door}/exists${lost.path}`)).body), '1');
      assert.equal(await read(kept, door), 'whole');
    }
  });
});

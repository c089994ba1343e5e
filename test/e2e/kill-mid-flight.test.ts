/**
 * A node is killed at any moment while clients upload to it, download from it and copy by it. What
 * it had acknowledged is whole, the rest is there wholly or not at all, and each client that sends
 * its request again, to anyone, with the same key, is told what became of it.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type AskedFile, ask, keepBusy, read, type Traffic, upload } from '../support/busy-door.ts';
import { allLive } from '../support/cluster-state.ts';
import { isFullForm } from '../support/full-form.ts';
import { httpCall } from '../support/http-call.ts';
import { type LocalCluster, withLocalCluster } from '../support/local-cluster.ts';
import { newSeed, SeededRandom } from '../support/seeded-random.ts';

const kills = isFullForm ? 200 : 15;
const busyMsMax = 400;
/** Of those known from before, so many are read after each kill; all of them at the end. */
const sample = 8;
const knownSizes = [0, 1, 4096, 262_144, 262_145, 1_500_000, 5_000_000];

test(`${kills} nodes killed while they serve`, async (t) => {
  const seed = newSeed();
  t.diagnostic(`seed ${seed}`);
  await withLocalCluster(async (cluster) => {
    const tally = await new Killing(cluster, new SeededRandom(seed)).run();
    t.diagnostic(JSON.stringify(tally));
  });
});

class Killing {
  readonly #cluster: LocalCluster;
  readonly #random: SeededRandom;
  readonly #known: AskedFile[] = [];
  /** Neither acknowledged nor sent again. */
  readonly #left: AskedFile[] = [];
  readonly #tally = {
    kills: 0,
    acknowledged: 0,
    unknown: 0,
    settled: 0,
    leftWhole: 0,
    leftAbsent: 0,
    downloads: 0,
    brokenDownloads: 0,
  };

  constructor(cluster: LocalCluster, random: SeededRandom) {
    this.#cluster = cluster;
    this.#random = random;
  }

  async run() {
    for (const size of knownSizes) {
      const file = upload(`/known/${size}`, size);
      assert.equal(await ask(file, this.#cluster.url), 'acknowledged', file.path);
      this.#known.push(file);
    }
    for (let round = 0; round < kills; round++) await this.#round(round);
    for (const file of this.#known) await this.#isWhole(file, this.#anyDoor());
    return this.#tally;
  }

  async #round(round: number): Promise<void> {
    const [name, door] = this.#random.oneOf([...this.#cluster.nodeUrls]);
    const folder = `/round-${round}`;
    const busy = keepBusy({ door, folder, known: this.#known, random: this.#random });
    await Promise.race([busy, sleep(this.#random.between(0, busyMsMax))]);
    this.#cluster.signal(name, 'SIGKILL');
    const traffic = await busy;
    this.#count(traffic);
    await this.#check(traffic);
    await this.#cluster.startAgain();
    await allLive(this.#cluster);
    await this.#tidyUp(folder, traffic);
  }

  #count({ acknowledged, unknown, downloads, broken }: Traffic): void {
    this.#tally.kills += 1;
    this.#tally.acknowledged += acknowledged.length;
    this.#tally.unknown += unknown.length;
    this.#tally.downloads += downloads;
    this.#tally.brokenDownloads += broken.length;
  }

  /** With the node dead, through the one front door. */
  async #check({ acknowledged, unknown }: Traffic): Promise<void> {
    const { url } = this.#cluster;
    const known = Array.from({ length: sample }, () => this.#random.oneOf(this.#known));
    for (const file of [...known, ...acknowledged]) await this.#isWhole(file, url);
    for (const { file } of unknown) {
      if (this.#random.fraction() < 0.3) {
        this.#left.push(file);
        await this.#look(file, url);
        continue;
      }
      assert.equal(await ask(file, url), 'acknowledged', `${file.path} sent again`);
      await this.#isWhole(file, url);
      this.#tally.settled += 1;
    }
  }

  async #isWhole(file: AskedFile, door: string): Promise<void> {
    assert.equal(await read(file, door), 'whole', `${file.path} through ${door}`);
  }

  /** What nobody asks for again is whole or absent, and stays so. */
  async #look(file: AskedFile, door: string): Promise<boolean> {
    const found = await read(file, door);
    assert.ok(['whole', 'absent'].includes(found), `${file.path} through ${door}: ${found}`);
    return found === 'whole';
  }

  /** Keeps one file of the round, and looks a last time at those that nobody asked for again. */
  async #tidyUp(folder: string, { acknowledged }: Traffic): Promise<void> {
    for (const file of this.#left.splice(0)) {
      const isWhole = await this.#look(file, this.#anyDoor());
      this.#tally[isWhole ? 'leftWhole' : 'leftAbsent'] += 1;
    }
    const [kept] = acknowledged;
    if (kept !== undefined) {
      const moved = { ...kept, path: `/known${folder}` };
      const target = `/move?source_path=${kept.path}&destination_path=${moved.path}`;
      const { status } = await httpCall('POST', this.#cluster.url + target);
      assert.equal(status, 200, `move ${kept.path}`);
      this.#known.push(moved);
    }
    const rest = `/rm?recursive=true&path=${folder}`;
    const { status } = await httpCall('POST', this.#cluster.url + rest);
    assert.ok(status === 200 || status === 404, `rm ${folder}: ${status}`);
  }

  #anyDoor(): string {
    return this.#random.oneOf([this.#cluster.url, ...this.#cluster.nodeUrls.values()]);
  }
}

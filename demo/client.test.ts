/** The client against a stand-in: it takes nothing for right that isn't. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { upload } from '../test/support/busy-door.ts';
import { SeededRandom } from '../test/support/seeded-random.ts';
import { DemoClient } from './client.ts';
import { Harms } from './harms.ts';
import { Ledger } from './ledger.ts';
import { type StandInStore, withStandInStore } from './stand-in-store.ts';
import { Tally } from './tally.ts';

interface Scene {
  readonly store: StandInStore;
  readonly client: DemoClient;
  readonly ledger: Ledger;
  readonly harms: Harms;
  readonly tally: Tally;
  readonly complaints: string[];
}

/** With one file that is there and known. */
async function withClient(use: (scene: Scene) => Promise<void>): Promise<void> {
  await withStandInStore(async (store) => {
    const ledger = new Ledger();
    const harms = new Harms();
    const tally = new Tally(performance.now());
    const complaints: string[] = [];
    const first = upload('/first', 500);
    await first.send(store.url);
    ledger.acknowledge(first);
    const client = new DemoClient({
      url: store.url,
      folder: '/live',
      random: new SeededRandom(1),
      ledger,
      harms,
      tally,
      complain: (text) => complaints.push(text),
    });
    await use({ store, client, ledger, harms, tally, complaints });
  });
}

const manySteps = 150;

async function steps(client: DemoClient, count = manySteps): Promise<void> {
  for (let n = 0; n < count; n++) await client.step();
}

test('against a store that is right everything is', async () => {
  await withClient(async ({ store, client, ledger, tally, complaints }) => {
    await steps(client);
    assert.deepEqual(tally.counts, { right: manySteps, cut: 0, failed: 0, wrong: 0 });
    assert.deepEqual(complaints, []);
    for (const { path } of ledger.acknowledged) assert.ok(store.files.has(path), path);
    for (const path of ledger.refused) assert.ok(!store.files.has(path), path);
    assert.ok(ledger.refusals > ledger.refused.length && ledger.refused.length > 0);
    assert.equal(ledger.acknowledged.length, store.files.size);
  });
});

test('503 is a failure, and acknowledges nothing', async () => {
  await withClient(async ({ store, client, ledger, tally, complaints }) => {
    store.mishaps.push(...Array.from({ length: manySteps }, () => 503));
    await steps(client);
    assert.deepEqual(tally.counts, { right: 0, cut: 0, failed: manySteps, wrong: 0 });
    assert.equal(complaints.length, manySteps);
    assert.equal(ledger.acknowledged.length, 1);
  });
});

test('a refusal that can’t be right is a false answer', async () => {
  await withClient(async ({ store, client, tally }) => {
    store.mishaps.push(...Array.from({ length: manySteps }, () => 400));
    await steps(client);
    const { wrong, failed, right } = tally.counts;
    assert.equal(right, 0);
    assert.equal(wrong + failed, manySteps);
    assert.ok(wrong > 0);
  });
});

test('a connection that breaks while nobody dies is a failure', async () => {
  await withClient(async ({ store, client, tally }) => {
    store.mishaps.push('cut');
    await steps(client, 1);
    assert.deepEqual(tally.counts, { right: 0, cut: 0, failed: 1, wrong: 0 });
  });
});

test('one that breaks with a dying node is asked again, with the same key', async () => {
  await withClient(async ({ store, client, harms, tally }) => {
    harms.begin('node-1', 'SIGKILL', performance.now());
    store.mishaps.push(
      ...(Array.from({ length: 60 }, (_, n) => (n % 2 === 0 ? 'cut' : undefined)) as 'cut'[]),
    );
    await steps(client, 30);
    assert.deepEqual(tally.counts, { right: 30, cut: 30, failed: 0, wrong: 0 });
    for (let n = 1; n < store.seen.length; n += 2)
      assert.deepEqual(store.seen[n], store.seen[n + 1]);
    assert.ok(store.seen.some(({ key }, n) => n > 0 && key !== undefined));
  });
});

test('one request can’t be cut for ever', async () => {
  await withClient(async ({ store, client, harms, tally }) => {
    harms.begin('node-1', 'SIGKILL', performance.now());
    store.mishaps.push('cut', 'cut', 'cut', 'cut');
    await steps(client, 1);
    assert.deepEqual(tally.counts, { right: 0, cut: 3, failed: 1, wrong: 0 });
  });
});

test('a known file that is gone is a false answer', async () => {
  await withClient(async ({ store, client, tally }) => {
    store.files.clear();
    await steps(client);
    assert.ok(tally.counts.wrong > 0);
    assert.equal(tally.counts.failed, 0);
  });
});

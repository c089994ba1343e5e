/** The audit can fail: what a store has lost, changed or kept by mistake is found. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask, upload } from '../test/support/busy-door.ts';
import { audit } from './audit.ts';
import { Ledger } from './ledger.ts';
import { type StandInStore, withStandInStore } from './stand-in-store.ts';

const names = ['/a', '/b', '/c'];

/** Three files acknowledged, one request refused, then something done to the store. */
async function audited(harm: (store: StandInStore) => void) {
  const { promise, resolve } = Promise.withResolvers<Awaited<ReturnType<typeof audit>>>();
  await withStandInStore(async (store) => {
    const ledger = new Ledger();
    for (const name of names) {
      const file = upload(name, 1000);
      assert.equal(await ask(file, store.url), 'acknowledged');
      ledger.acknowledge(file);
    }
    ledger.refuse('/refused');
    harm(store);
    const doors = [store.url, store.url];
    resolve(await audit({ ledger, doors, onProgress: () => {} }));
  });
  return promise;
}

test('a store that has all and nothing more passes', async () => {
  const facts = await audited(() => {});
  assert.deepEqual(facts, {
    doors: 2,
    reads: 6,
    wrong: [],
    visible: [],
    located: 3,
    everywhere: [],
  });
});

test('a lost file is found from every door', async () => {
  const { wrong } = await audited(({ files }) => files.delete('/b'));
  assert.equal(wrong.length, 2);
  for (const fault of wrong) assert.match(fault, /^\/b from http.*: absent$/);
});

test('one changed byte is found', async () => {
  const { wrong } = await audited(({ files }) => files.get('/c')?.fill(7, 500, 501));
  assert.equal(wrong.length, 2);
  for (const fault of wrong) assert.match(fault, /^\/c from http.*other bytes/);
});

test('a file that nobody was told of is found', async () => {
  const { visible } = await audited(({ files }) => files.set('/refused', Buffer.from('x')));
  assert.equal(visible.length, 2);
});

import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { isCode } from '#base/errors.ts';
import { sessionOfBlob } from '#base/ids.ts';
import { isCollectionHeld, releaseCollection } from '#cluster/collection-hold.ts';
import { isEra } from '#cluster/era.ts';
import { createNodeWorld } from '#io/node/world.ts';
import type { Kv } from '#kv/kv.ts';
import { FaultyKv } from '#kv/memory/faulty-kv.ts';
import { MemoryKv } from '#kv/memory/memory-kv.ts';
import { agesKey, collectionHoldKey, upkeepKey } from '#protocol/keys.ts';
import {
  checkNames,
  drop,
  type NamesFixture,
  namesFixture,
  node,
  options,
  put,
  readAll,
} from '../../../test/support/names-fixture.ts';
import { backUpNames } from './back-up.ts';
import { checkBackup, readBackup } from './read-backup.ts';
import { restoreNames } from './restore.ts';

const world = createNodeWorld();
const about = { clusterId: 'c1', era: 0, takenMs: 5 };
const isDamaged = (error: unknown) => isCode(error, 'data_damaged');

async function linesOf(kv: Kv): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of backUpNames(kv, about)) lines.push(line.slice(0, -1));
  return lines;
}

async function* each(lines: readonly string[]): AsyncGenerator<string> {
  yield* lines;
}

async function restored(lines: readonly string[], kv: Kv, era = 1): Promise<void> {
  await checkBackup(each(lines));
  const backup = await readBackup(each(lines));
  await restoreNames({ kv, timers: world.timers }, backup, { era, nowMs: 9 });
}

describe('a backup of the names', () => {
  let kv: MemoryKv;
  let fixture: NamesFixture;
  beforeEach(async () => {
    kv = new MemoryKv(world);
    fixture = await namesFixture(kv);
    for (let i = 0; i < 30; i++) await fixture.namespace.create(`/ä/${i}`, fixture.newFile());
    await fixture.namespace.copy('/ä/1', '/copy');
    await fixture.namespace.remove('/ä/2');
  });

  test('brings back all names, volumes and garbage, and nothing that passes', async () => {
    await put(kv, upkeepKey, Buffer.from('n1'));
    await put(kv, agesKey, Buffer.from('[[1,600000]]'));
    const lines = await linesOf(kv);
    const names = await checkNames(kv);
    const empty = new MemoryKv(world, { era: 1 });
    await restored(lines, empty);
    assert.deepEqual(await checkNames(empty), names);
    for (const prefix of ['f/', 'b/', 'v/', 'g/', 'n/']) {
      const shown = ({ key, value }: { key: string; value: Buffer }) => [key, value.toString()];
      const [was, is] = await Promise.all([readAll(kv, prefix), readAll(empty, prefix)]);
      assert.deepEqual(is.map(shown), was.map(shown), prefix);
    }
    for (const prefix of ['l/', 'o/']) assert.deepEqual(await readAll(empty, prefix), []);
    assert.equal(await empty.get(upkeepKey, options), undefined);
    assert.equal(await empty.get(agesKey, options), undefined);
  });

  test('is of one moment, whatever is changed meanwhile', async () => {
    const names = await checkNames(kv);
    const lines: string[] = [];
    for await (const line of backUpNames(kv, about)) {
      lines.push(line.slice(0, -1));
      if (lines.length === 5) await fixture.namespace.removeTree('/ä');
    }
    const empty = new MemoryKv(world, { era: 1 });
    await restored(lines, empty);
    assert.deepEqual(await checkNames(empty), names);
  });

  test('is refused when it is cut short or changed anywhere', async () => {
    const lines = await linesOf(kv);
    for (const length of [0, 1, 7, lines.length - 1]) {
      await assert.rejects(checkBackup(each(lines.slice(0, length))), isDamaged);
    }
    await assert.rejects(checkBackup(each(lines.toSpliced(4, 1))), isDamaged);
    for (const [index, line] of lines.slice(1).entries()) {
      const changed = line.replace(/[a-z0-9](?=[^a-z0-9]*$)/, (letter) =>
        letter === 'b' ? 'c' : 'b',
      );
      await assert.rejects(checkBackup(each(lines.with(index + 1, changed))), isDamaged);
    }
  });

  test('4.19: restored, it says that nothing may be collected until an operator does', async () => {
    const empty = new MemoryKv(world, { era: 1 });
    await restored(await linesOf(kv), empty);
    assert.equal(await isCollectionHeld(empty, options), true);
    const again = await linesOf(empty);
    assert.ok(!again.some((line) => line.includes(collectionHoldKey)));
    assert.equal(await releaseCollection(empty, options), true);
    assert.equal(await releaseCollection(empty, options), false);
    assert.equal(await isCollectionHeld(empty, options), false);
    assert.equal(await isCollectionHeld(kv, options), false);
  });

  test('4.19: restored, no session or state of before is one of now', async () => {
    const before = kv.revision;
    const empty = new MemoryKv(world, { era: 1 });
    await restored(await linesOf(kv), empty);
    const session = await put(empty, `l/${node}`, Buffer.from('new'));
    assert.ok(session > before);
    for (const { modRevision } of await readAll(empty, 'v/')) assert.ok(modRevision > before);
    for (const { blob } of (await checkNames(empty)).values()) {
      assert.notEqual(sessionOfBlob(blob), session);
    }
    const judged = async (era: number) =>
      (await empty.txn({ compare: [isEra(era)], then: [], else: [] }, options)).succeeded;
    assert.deepEqual(await Promise.all([0, 1, 2].map(judged)), [false, true, false]);
  });

  test('is restored into nothing but an empty engine', async () => {
    const lines = await linesOf(kv);
    const full = restored(lines, kv);
    await assert.rejects(full, (error) => isCode(error, 'precondition_failed'));
    assert.equal(await isCollectionHeld(kv, options), false);
  });

  test('no era is of use before all is there; then it isn’t restored once more', async () => {
    const lines = await linesOf(kv);
    const engine = new MemoryKv(world, { era: 1 });
    const judged = (era: number) =>
      engine.txn({ compare: [isEra(era)], then: [], else: [] }, options);
    const isOf = async (eras: readonly number[]) =>
      (await Promise.all(eras.map(judged))).map(({ succeeded }) => succeeded);
    const cut = async function* () {
      yield* lines.slice(0, -2);
      assert.deepEqual(await isOf([0, 1]), [false, false]);
      throw new Error('interrupted');
    };
    const restore = async (from: AsyncGenerator<string>) =>
      restoreNames({ kv: engine, timers: world.timers }, await readBackup(from), about1);
    const about1 = { era: 1, nowMs: 9 };
    await assert.rejects(restore(cut()), /interrupted/);
    assert.deepEqual(await isOf([0, 1]), [false, false]);
    await restore(each(lines));
    assert.deepEqual(await isOf([0, 1]), [false, true]);
    assert.deepEqual(await checkNames(engine), await checkNames(kv));
    const again = restore(each(lines));
    await assert.rejects(again, (error) => isCode(error, 'precondition_failed'));
  });

  test('is restored whole though replies are lost', async () => {
    const lines = await linesOf(kv);
    const engine = new MemoryKv(world, { era: 1 });
    let writes = 0;
    const lossy = new FaultyKv(
      { kv: engine, timers: { ...world.timers, after: (_, fn) => world.timers.after(1, fn) } },
      {
        intercept: (call) => {
          const isLost = call.method === 'txn' && call.writes && writes++ % 2 === 0;
          return isLost ? { kind: 'lose-reply' } : undefined;
        },
      },
    );
    await restored(lines, lossy);
    assert.deepEqual(await checkNames(engine), await checkNames(kv));
    await drop(engine, collectionHoldKey);
  });
});

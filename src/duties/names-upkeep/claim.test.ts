import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { FaultyKv, noSpaceLeft } from '#kv/memory/faulty-kv.ts';
import { MemoryKv } from '#kv/memory/memory-kv.ts';
import { ManualTime } from '../../../test/support/manual-time.ts';
import { Claim } from './claim.ts';

const options = { key: 'c/turn', renewMs: 5000, staleMs: 30_000 };
let time: ManualTime;
let kv: FaultyKv;
const claimOf = (holder: string) => {
  const deps = { kv, clock: time.clock, timers: time.timers };
  return new Claim(deps, { ...options, holder });
};

beforeEach(() => {
  time = new ManualTime();
  kv = new FaultyKv({ kv: new MemoryKv(time), timers: time.timers });
});

test('one holds it until it is given back, also when the kv is full', async () => {
  kv.intercept = (call) => noSpaceLeft(call);
  const [a, b] = [claimOf('a'), claimOf('b')];
  assert.deepEqual([await a.take(), await b.take(), await a.take()], [true, false, true]);
  await a.giveBack();
  assert.deepEqual([await b.take(), await a.take()], [true, false]);
  await a.giveBack();
  assert.equal(await b.take(), true, 'only its holder gives it back');
});

test('of many that want it at once one gets it', async () => {
  const claims = Array.from({ length: 8 }, (_, i) => claimOf(String(i)));
  const got = await Promise.all(claims.map((claim) => claim.take()));
  assert.equal(got.filter(Boolean).length, 1);
});

test('it is taken over from the dead, and never from who works', async () => {
  const [a, b] = [claimOf('a'), claimOf('b')];
  assert.equal(await a.take(), true);
  const work = Promise.withResolvers<void>();
  const working = a.during(() => work.promise);
  for (let i = 0; i < 10; i++) {
    await time.advance(10_000);
    assert.equal(await b.take(), false);
  }
  work.resolve();
  await working;
  await time.advance(options.staleMs);
  assert.deepEqual([await b.take(), await a.take()], [true, false]);
});

test('what was taken without an answer is known again', async () => {
  const a = claimOf('a');
  kv.intercept = (call) => (call.method === 'txn' ? { kind: 'lose-reply' } : undefined);
  const lost = assert.rejects(a.take());
  await time.advance(10_000);
  await lost;
  kv.intercept = () => undefined;
  assert.deepEqual([await claimOf('b').take(), await a.take()], [false, true]);
});

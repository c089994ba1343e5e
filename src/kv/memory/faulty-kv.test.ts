import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { DftfsError, isCode } from '#base/errors.ts';
import { ManualTime } from '../../../test/support/manual-time.ts';
import { put, then } from '../contract/support.ts';
import { type Fault, FaultyKv } from './faulty-kv.ts';
import { MemoryKv } from './memory-kv.ts';

const options = { timeoutMs: 1000 };

describe('FaultyKv', () => {
  let time: ManualTime;
  let engine: MemoryKv;
  let kv: FaultyKv;

  beforeEach(() => {
    time = new ManualTime();
    engine = new MemoryKv(time);
    kv = new FaultyKv({ kv: engine, timers: time.timers });
  });

  const isThere = async () => (await engine.get('a', options)) !== undefined;

  /** What a write under this fault comes to when its caller has waited long enough. */
  async function write(fault: Fault): Promise<unknown> {
    kv.intercept = (call) => (call.method === 'txn' ? fault : undefined);
    const ended = kv.txn(then(put('a')), options).then(
      () => 'done',
      (error: unknown) => error,
    );
    await time.advance(options.timeoutMs);
    return ended;
  }

  it('lets calls pass', async () => {
    await kv.txn(then(put('a')), options);
    assert.equal((await kv.get('a', options))?.version, 1);
  });

  it('loses a request', async () => {
    assert.ok(isCode(await write({ kind: 'lose-request' }), 'outcome_unknown'));
    assert.equal(await isThere(), false);
  });

  it('applies and loses the reply', async () => {
    assert.ok(isCode(await write({ kind: 'lose-reply' }), 'outcome_unknown'));
    assert.equal(await isThere(), true);
  });

  it('delays', async () => {
    assert.equal(await write({ kind: 'delay', ms: 500 }), 'done');
  });

  it('lands a write after its caller gave up', async () => {
    assert.ok(isCode(await write({ kind: 'delay', ms: 1500 }), 'outcome_unknown'));
    assert.equal(await isThere(), false);
    await time.advance(500);
    assert.equal(await isThere(), true);
  });

  it('refuses, or applies and yet fails', async () => {
    const error = new DftfsError('names_full', 'Full.', { outcome: 'maybe' });
    assert.equal(await write({ kind: 'refuse', error }), error);
    assert.equal(await isThere(), false);
    assert.equal(await write({ kind: 'apply-and-fail', error }), error);
    assert.equal(await isThere(), true);
  });

  it('fails reads as unavailable, and lets a caller give up', async () => {
    kv.intercept = () => ({ kind: 'lose-request' });
    const read = assert.rejects(kv.get('a', options), (error) =>
      isCode(error, 'names_unavailable'),
    );
    const giveUp = new AbortController();
    const canceled = kv.txn(then(put('a')), { ...options, signal: giveUp.signal });
    giveUp.abort();
    await assert.rejects(
      canceled,
      (error) => isCode(error, 'canceled') && error.outcome === 'maybe',
    );
    await time.advance(options.timeoutMs);
    await read;
  });

  it('loses events without a word, and breaks watches', async () => {
    const told: string[] = [];
    kv.watch({ start: 'a' }, 2, {
      onEvents: (_, revision) => told.push(String(revision)),
      onEnd: (reason) => told.push(reason),
    });
    kv.deliver = (_, revision) => revision !== 3;
    for (let i = 0; i < 3; i++) await kv.txn(then(put('a')), options);
    await time.advance(0);
    kv.breakWatches('broken');
    await kv.txn(then(put('a')), options);
    await time.advance(0);
    assert.deepEqual(told, ['2', '4', 'broken']);
  });
});

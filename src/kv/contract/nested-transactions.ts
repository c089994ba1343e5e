import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { NestedTxn } from '../kv.ts';
import { prefixSpan } from '../kv.ts';
import { keysOf, type Made, nested, options, part, put, then } from './support.ts';

export function nestedContract(made: Made): void {
  const createOnce = (key: string, value = ''): NestedTxn => ({
    kind: 'txn',
    compare: [{ start: key, field: 'version', relation: '=', value: 0 }],
    then: [put(key, value)],
    else: [{ kind: 'range', start: key }],
  });

  it('gives each its own outcome and the revision of the whole', async () => {
    const { kv } = made();
    const before = await kv.txn(then(put('nest/1', 'old')), options);
    const result = await kv.txn(then(createOnce('nest/1'), createOnce('nest/2')), options);
    const [first, second] = [part(result, 0, 'txn'), part(result, 1, 'txn')];
    assert.deepEqual([result.succeeded, first.succeeded, second.succeeded], [true, false, true]);
    assert.equal(part(first, 0, 'range').entries[0]?.value.toString(), 'old');
    assert.deepEqual(part(second, 0, 'put'), { kind: 'put' });
    assert.equal(result.revision, before.revision + 1);
    assert.deepEqual([first.revision, second.revision], [result.revision, result.revision]);
  });

  it('judges all compares on the state before the outermost began', async () => {
    const { kv } = made();
    const sees: NestedTxn = {
      kind: 'txn',
      compare: [{ start: 'pre/1', field: 'version', relation: '>', value: 0 }],
      then: [put('pre/saw')],
      else: [put('pre/did-not'), nested(createOnce('pre/2'))],
    };
    const result = await kv.txn(then(put('pre/1'), sees), options);
    const inner = part(result, 1, 'txn');
    assert.equal(inner.succeeded, false);
    assert.equal(part(part(inner, 1, 'txn'), 0, 'txn').succeeded, true);
    const { entries } = await kv.range({ ...prefixSpan('pre/'), limit: 9 }, options);
    assert.deepEqual(keysOf(entries), ['pre/1', 'pre/2', 'pre/did-not']);
  });

  it('keeps what a key held before it was written and deleted at once', async () => {
    const { kv } = made();
    const { revision } = await kv.txn(then(put('both/1', 'old')), options);
    const removal: NestedTxn = {
      kind: 'txn',
      compare: [{ start: 'both/1', field: 'version', relation: '=', value: 0 }],
      then: [],
      else: [{ kind: 'delete', ...prefixSpan('both/') }],
    };
    const writing = nested(put('both/1', 'new'), put('both/2', 'new'));
    await kv.txn(then(writing, removal), options);
    const { entries } = await kv.range({ ...prefixSpan('both/'), limit: 9, revision }, options);
    assert.deepEqual(
      entries.map(({ key, value }) => [key, value.toString()]),
      [['both/1', 'old']],
    );
  });

  it('takes a batch of 1000', async () => {
    const { kv } = made();
    const value = 'v'.repeat(300);
    const keys = Array.from({ length: 1000 }, (_, i) => `batch/${i}`);
    const first = await kv.txn(then(...keys.map((key) => createOnce(key, value))), options);
    assert.equal(first.results.length, 1000);
    for (let i = 0; i < 1000; i++) assert.equal(part(first, i, 'txn').succeeded, true);
    const again = await kv.txn(then(...keys.map((key) => createOnce(key, value))), options);
    assert.equal(again.revision, first.revision);
    for (const [i, key] of keys.entries()) {
      const one = part(again, i, 'txn');
      assert.equal(one.succeeded, false);
      assert.deepEqual(keysOf(part(one, 0, 'range').entries), [key]);
    }
    const { entries } = await kv.range({ ...prefixSpan('batch/'), limit: 2000 }, options);
    assert.equal(entries.length, 1000);
  });
}

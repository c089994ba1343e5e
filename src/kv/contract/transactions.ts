import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { KvOp, NestedTxn } from '../kv.ts';
import { prefixSpan } from '../kv.ts';
import {
  isRefused,
  keysOf,
  type Made,
  nested,
  options,
  part,
  put,
  remove,
  then,
} from './support.ts';

export function txnContract(made: Made): void {
  it('grows the revision by one with every transaction that writes', async () => {
    const { kv } = made();
    const first = await kv.txn(then(put('rev/1'), put('rev/2'), put('rev/3')), options);
    const second = await kv.txn(then(put('rev/1')), options);
    const read = await kv.txn(then({ kind: 'range', start: 'rev/1' }), options);
    const vain = await kv.txn(then(remove('rev/none')), options);
    const third = await kv.txn(then(remove('rev/1')), options);
    const base = first.revision;
    assert.deepEqual(
      [second, read, vain, third].map(({ revision }) => revision - base),
      [1, 1, 1, 2],
    );
  });

  it('gives a result for each op, in order', async () => {
    const { kv } = made();
    await kv.txn(then(put('res/1'), put('res/2'), put('res/3')), options);
    const result = await kv.txn(
      then(
        { kind: 'range', ...prefixSpan('res/'), limit: 1 },
        put('res/4'),
        remove('res/1', 'res/3'),
        remove('res/none'),
        { kind: 'range', ...prefixSpan('res/'), limit: 9 },
      ),
      options,
    );
    assert.equal(result.succeeded, true);
    assert.deepEqual(keysOf(part(result, 0, 'range').entries), ['res/1']);
    assert.equal(part(result, 0, 'range').more, true);
    assert.deepEqual(part(result, 1, 'put'), { kind: 'put' });
    assert.deepEqual(part(result, 2, 'delete'), { kind: 'delete', deleted: 2 });
    assert.deepEqual(part(result, 3, 'delete'), { kind: 'delete', deleted: 0 });
    // Its own writes are seen.
    assert.deepEqual(keysOf(part(result, 4, 'range').entries), ['res/3', 'res/4']);
  });

  it('does nothing at all when one op cannot be done', async () => {
    const { kv } = made();
    const bad = { kind: 'range', start: 'all/1', revision: 2 ** 40 } as const;
    await assert.rejects(kv.txn(then(put('all/1'), bad), options));
    assert.equal(await kv.get('all/1', options), undefined);
  });

  it('refuses to write a key twice', async () => {
    const { kv } = made();
    const refused: (KvOp | NestedTxn)[][] = [
      [put('dup/1'), put('dup/1')],
      [put('dup/1'), remove('dup/1')],
      [remove('dup/', 'dup0'), put('dup/1')],
      [put('dup/1'), nested(put('dup/1'))],
      [nested(put('dup/1')), nested(put('dup/1'))],
      [nested(put('dup/1')), nested(nested(put('dup/1')))],
      [remove('dup/', 'dup0'), nested(put('dup/1'))],
      [nested(remove('dup/', 'dup0')), put('dup/1')],
      [nested(remove('dup/1')), nested(put('dup/1'))],
      // Whichever branch would run.
      [{ ...nested(put('dup/2')), else: [put('dup/1')] }, put('dup/1')],
    ];
    for (const ops of refused)
      await assert.rejects(kv.txn(then(...ops), options), isRefused, JSON.stringify(ops));
    assert.equal(await kv.get('dup/1', options), undefined);
  });

  it('lets both branches write a key, and deletes overlap', async () => {
    const { kv } = made();
    await kv.txn({ compare: [], then: [put('dup/3')], else: [put('dup/3')] }, options);
    await kv.txn(then({ ...nested(put('dup/3')), else: [put('dup/3')] }), options);
    await kv.txn(then({ ...nested(put('dup/3')), else: [remove('dup/', 'dup0')] }), options);
    const result = await kv.txn(then(remove('dup/3'), remove('dup/', 'dup0')), options);
    assert.equal(part(result, 0, 'delete').deleted, 1);
    assert.equal(part(result, 1, 'delete').deleted, 0);
  });
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nested, put, remove, then } from '../contract/support.ts';
import type { Txn } from '../kv.ts';
import { weighTxn } from './weighed-txn.ts';

const absent = { start: 'a', field: 'version', relation: '=', value: 0 } as const;
const putsAtTop = ({ then: ops, else: others }: Txn) =>
  [...ops, ...others].filter(({ kind }) => kind === 'put').length;

test('what puts shows a put at its top, and what doesn’t stays as it is', () => {
  for (const txn of [then(put('a')), then(remove('a')), then(nested(remove('a')))]) {
    assert.equal(weighTxn(txn, false).txn, txn);
  }
  const batch = then(nested(put('a')), nested(put('b')));
  const { txn } = weighTxn(batch, false);
  assert.equal(putsAtTop(txn), 1);
  assert.deepEqual([txn.compare, txn.then], [[], batch.then], 'the put is where nothing runs');
  const guarded = { ...batch, compare: [absent] };
  assert.equal(putsAtTop(weighTxn(guarded, false).txn), 1);
});

test('what frees space shows none, and its result is that of what was meant', () => {
  const removal = { ...then(remove('a'), put('b')), compare: [absent] };
  const { txn, unwrap } = weighTxn(removal, true);
  assert.equal(putsAtTop(txn), 0);
  const inner = { succeeded: false, results: [], revision: 7 };
  const outer = { succeeded: true, results: [{ kind: 'txn', ...inner } as const], revision: 7 };
  assert.deepEqual(unwrap(outer), inner);
});

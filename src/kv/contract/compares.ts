import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Compare } from '../kv.ts';
import { prefixSpan } from '../kv.ts';
import { keysOf, type Made, options, part, put, then } from './support.ts';

export function compareContract(made: Made): void {
  const holds = async (...compare: Compare[]) =>
    (await made().kv.txn({ compare, then: [], else: [] }, options)).succeeded;

  it('relates each field in each way', async () => {
    const { kv } = made();
    const first = await kv.txn(then(put('cmp/1')), options);
    const second = await kv.txn(then(put('cmp/1')), options);
    const actual = { version: 2, create: first.revision, mod: second.revision };
    for (const field of ['version', 'create', 'mod'] as const)
      for (const difference of [-1, 0, 1]) {
        const value = actual[field] + difference;
        const compare = { start: 'cmp/1', field, value };
        const expected = { '=': difference === 0, '!=': difference !== 0 };
        const all = { ...expected, '<': difference > 0, '>': difference < 0 };
        for (const [relation, holding] of Object.entries(all)) {
          const one = { ...compare, relation: relation as Compare['relation'] };
          assert.equal(await holds(one), holding, `${field} ${relation} actual ${difference}`);
        }
      }
  });

  it('takes an absent key for one with all fields 0', async () => {
    for (const field of ['version', 'create', 'mod'] as const) {
      assert.equal(await holds({ start: 'cmp/none', field, relation: '=', value: 0 }), true);
      assert.equal(await holds({ start: 'cmp/none', field, relation: '>', value: 0 }), false);
    }
  });

  it('demands it of every key in a span', async () => {
    const { kv } = made();
    await kv.txn(then(put('cmps/1'), put('cmps/2')), options);
    await kv.txn(then(put('cmps/2')), options);
    const span = { ...prefixSpan('cmps/'), field: 'version' } as const;
    assert.equal(await holds({ ...span, relation: '>', value: 0 }), true);
    assert.equal(await holds({ ...span, relation: '=', value: 1 }), false);
    assert.equal(await holds({ ...span, relation: '<', value: 3 }), true);
    assert.equal(await holds({ ...span, relation: '=', value: 0 }), false);
  });

  it('takes an empty span for one absent key', async () => {
    const span = { ...prefixSpan('cmpe/'), field: 'version' } as const;
    assert.equal(await holds({ ...span, relation: '=', value: 0 }), true);
    assert.equal(await holds({ ...span, relation: '>', value: 0 }), false);
  });

  it('says of a span that no key was created at a revision, and so of an empty one', async () => {
    const { kv } = made();
    const { revision } = await kv.txn(then(put('cmpn/1'), put('cmpn/3')), options);
    await kv.txn(then(put('cmpn/2'), put('cmpn/3')), options);
    const span = { ...prefixSpan('cmpn/'), field: 'create', relation: '!=' } as const;
    assert.equal(await holds({ ...span, value: revision }), false);
    assert.equal(await holds({ ...span, value: revision + 1 }), false);
    assert.equal(await holds({ ...span, value: revision - 1 }), true);
    assert.equal(await holds({ ...span, ...prefixSpan('cmpo/'), value: revision }), true);
  });

  it('runs the other branch unless all hold', async () => {
    const { kv } = made();
    const absent = (start: string): Compare => ({ start, field: 'mod', relation: '=', value: 0 });
    const txn = {
      compare: [absent('cmpa/1'), absent('cmpa/2')],
      then: [put('cmpa/1')],
      else: [{ kind: 'range', start: 'cmpa/1' } as const],
    };
    assert.equal((await kv.txn(txn, options)).succeeded, true);
    const again = await kv.txn(txn, options);
    assert.equal(again.succeeded, false);
    assert.deepEqual(keysOf(part(again, 0, 'range').entries), ['cmpa/1']);
  });

  it('lets one of many racers win', async () => {
    const { kv } = made();
    const race = (i: number) =>
      kv.txn(
        {
          compare: [{ start: 'cmp/race', field: 'create', relation: '=', value: 0 }],
          then: [put('cmp/race', String(i))],
          else: [],
        },
        options,
      );
    const results = await Promise.all(Array.from({ length: 16 }, (_, i) => race(i)));
    const winners = results.flatMap(({ succeeded }, i) => (succeeded ? [String(i)] : []));
    assert.deepEqual(winners, [(await kv.get('cmp/race', options))?.value.toString()]);
  });
}

/**
 * What every driver of the kv must do, as tests. A driver's own test calls `kvContract` with a way to make
 * a kv; each group of tests uses keys of its own, so that one engine can serve them all.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { isCode } from '#base/errors.ts';
import type { Compare, Kv, KvEntry, KvOp, NestedTxn, OpResult, TxnResult } from './kv.ts';
import { prefixSpan } from './kv.ts';
import { leaseContract } from './kv-lease.contract.ts';
import { watchContract } from './kv-watch.contract.ts';

export interface KvUnderTest {
  readonly kv: Kv;
  close(): Promise<void>;
  /** Forgets the history before this revision. */
  compact(revision: number): Promise<void>;
  /** Lets so much time pass: at once on a virtual clock. */
  pass(ms: number): Promise<void>;
}

export type Made = () => KvUnderTest;
export const options = { timeoutMs: 5000 };

export const put = (key: string, value = ''): KvOp => ({
  kind: 'put',
  key,
  value: Buffer.from(value),
});
export const remove = (start: string, end?: string): KvOp => ({
  kind: 'delete',
  start,
  ...(end === undefined ? {} : { end }),
});
export const then = (...ops: (KvOp | NestedTxn)[]) => ({ compare: [], then: ops, else: [] });
const nested = (...ops: (KvOp | NestedTxn)[]): NestedTxn => ({ kind: 'txn', ...then(...ops) });
const keysOf = (entries: readonly KvEntry[]) => entries.map(({ key }) => key);
const isRefused = (error: unknown) => isCode(error, 'invalid_argument');

function part<K extends OpResult['kind']>(result: TxnResult, index: number, kind: K) {
  const found = result.results[index];
  assert.equal(found?.kind, kind);
  return found as Extract<OpResult, { kind: K }>;
}

export function kvContract(name: string, makeKv: () => Promise<KvUnderTest>): void {
  describe(`${name}: contract of the kv`, () => {
    let made: KvUnderTest;
    before(async () => {
      made = await makeKv();
    });
    after(() => made.close());
    const get = () => made;

    describe('reads', () => readContract(get));
    describe('transactions', () => txnContract(get));
    describe('compares', () => compareContract(get));
    describe('nested transactions', () => nestedContract(get));
    describe('arguments', () => argumentContract(get));
    describe('leases', () => leaseContract(get));
    describe('watches', () => watchContract(get));
  });
}

function readContract(made: Made): void {
  it('has nothing under a key never written', async () => {
    assert.equal(await made().kv.get('read/none', options), undefined);
  });

  it('tells the revisions and the version of an entry', async () => {
    const { kv } = made();
    const first = await kv.txn(then(put('read/one', 'a')), options);
    const second = await kv.txn(then(put('read/one', 'b')), options);
    const { value, ...rest } = (await kv.get('read/one', options)) as KvEntry;
    assert.equal(value.toString(), 'b');
    assert.deepEqual(rest, {
      key: 'read/one',
      createRevision: first.revision,
      modRevision: second.revision,
      version: 2,
    });
  });

  it('starts anew at a key that was deleted', async () => {
    const { kv } = made();
    await kv.txn(then(put('read/again')), options);
    await kv.txn(then(remove('read/again')), options);
    const { revision } = await kv.txn(then(put('read/again')), options);
    const entry = await kv.get('read/again', options);
    assert.deepEqual([entry?.version, entry?.createRevision], [1, revision]);
  });

  it('keeps any bytes, and none', async () => {
    const { kv } = made();
    const value = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    await kv.txn(then({ kind: 'put', key: 'read/bytes', value }, put('read/empty')), options);
    assert.deepEqual((await kv.get('read/bytes', options))?.value, value);
    assert.equal((await kv.get('read/empty', options))?.value.length, 0);
  });

  it('orders keys by their bytes in UTF-8', async () => {
    const { kv } = made();
    const names = ['a', 'a\u0000', 'aa', 'b', 'z', 'é', '\ud7ff', '\ue000', '\uffee', '😀', '𐀀'];
    const keys = names.map((name) => `order/${name}`);
    await kv.txn(then(...keys.map((key) => put(key))), options);
    const found = keysOf((await kv.range({ ...prefixSpan('order/'), limit: 99 }, options)).entries);
    const byBytes = keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    assert.deepEqual(found, byBytes);
    const tail = await kv.range({ start: 'order/\ue000', end: 'order/😀', limit: 99 }, options);
    assert.deepEqual(keysOf(tail.entries), ['order/\ue000', 'order/\uffee', 'order/𐀀']);
  });

  it('pages through a span, and says whether there is more', async () => {
    const { kv } = made();
    await kv.txn(then(...['1', '2', '3'].map((i) => put(`page/${i}`, i))), options);
    const span = prefixSpan('page/');
    const first = await kv.range({ ...span, limit: 2 }, options);
    assert.deepEqual([keysOf(first.entries), first.more], [['page/1', 'page/2'], true]);
    const rest = await kv.range({ ...span, start: 'page/2\0', limit: 1 }, options);
    assert.deepEqual([keysOf(rest.entries), rest.more], [['page/3'], false]);
    const none = await kv.range({ start: 'page/9', end: 'page/1', limit: 5 }, options);
    assert.deepEqual([none.entries, none.more], [[], false]);
  });

  it('leaves values out when asked for keys only', async () => {
    const { kv } = made();
    const { revision } = await kv.txn(then(put('keys/1', 'value')), options);
    const range = { ...prefixSpan('keys/'), limit: 9, keysOnly: true };
    const [entry] = (await kv.range(range, options)).entries;
    assert.deepEqual([entry?.value.length, entry?.modRevision], [0, revision]);
  });

  it('reads as of an earlier revision', async () => {
    const { kv } = made();
    const { revision } = await kv.txn(then(put('past/1', 'old'), put('past/2')), options);
    await kv.txn(then(put('past/1', 'new'), remove('past/2'), put('past/3')), options);
    const range = { ...prefixSpan('past/'), limit: 9, revision };
    const { entries, revision: now } = await kv.range(range, options);
    assert.deepEqual(keysOf(entries), ['past/1', 'past/2']);
    assert.equal(entries[0]?.value.toString(), 'old');
    assert.equal(now, revision + 1);
  });

  it('refuses compacted revisions and those to come', async () => {
    const { kv, compact } = made();
    const { revision: old } = await kv.txn(then(put('gone/1', 'a')), options);
    const { revision } = await kv.txn(then(put('gone/1', 'b')), options);
    await compact(revision);
    const at = (when: number) => kv.range({ start: 'gone/1', revision: when }, options);
    assert.equal((await at(revision)).entries[0]?.value.toString(), 'b');
    await assert.rejects(at(old), (error) => isCode(error, 'names_unavailable'));
    await assert.rejects(at(revision + 999), (error) => isCode(error, 'names_unavailable'));
  });
}

function txnContract(made: Made): void {
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
    const result = await kv.txn(then(remove('dup/3'), remove('dup/', 'dup0')), options);
    assert.equal(part(result, 0, 'delete').deleted, 1);
    assert.equal(part(result, 1, 'delete').deleted, 0);
  });
}

function compareContract(made: Made): void {
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

function nestedContract(made: Made): void {
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

function argumentContract(made: Made): void {
  it('refuses keys that are empty or not Unicode', async () => {
    const { kv } = made();
    for (const key of ['', 'a\ud800', '\udc00']) {
      await assert.rejects(kv.get(key, options), isRefused);
      await assert.rejects(kv.txn(then(put(key)), options), isRefused);
      await assert.rejects(kv.txn(then(remove(key)), options), isRefused);
    }
  });

  it('refuses ends that an engine could take for the end of all keys', async () => {
    const { kv } = made();
    for (const end of ['', '\0']) {
      await assert.rejects(kv.range({ start: 'a', end, limit: 1 }, options), isRefused);
      await assert.rejects(kv.txn(then(remove('a', end)), options), isRefused);
    }
  });

  it('refuses a span without a limit', async () => {
    await assert.rejects(made().kv.range({ start: 'a', end: 'b' }, options), isRefused);
  });

  it('refuses more operations than the engine takes', async () => {
    const ops = Array.from({ length: 8193 }, (_, i) => put(`many/${i}`));
    await assert.rejects(made().kv.txn(then(...ops), options), isRefused);
  });

  it('does nothing for a caller who gave up before', async () => {
    const { kv } = made();
    const given = { ...options, signal: AbortSignal.abort() };
    const canceled = (error: unknown) => isCode(error, 'canceled') && error.outcome === 'none';
    await assert.rejects(kv.txn(then(put('arg/canceled')), given), canceled);
    await assert.rejects(kv.get('arg/canceled', given), canceled);
    assert.equal(await kv.get('arg/canceled', options), undefined);
  });
}

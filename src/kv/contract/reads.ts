import assert from 'node:assert/strict';
import { it } from 'node:test';
import { isCode } from '#base/errors.ts';
import type { KvEntry } from '../kv.ts';
import { prefixSpan } from '../kv.ts';
import { keysOf, type Made, options, put, remove, then } from './support.ts';

export function readContract(made: Made): void {
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

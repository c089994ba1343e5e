import assert from 'node:assert/strict';
import { it } from 'node:test';
import { isCode } from '#base/errors.ts';
import { keyBytesMax } from '../check-arguments.ts';
import { isRefused, type Made, options, put, remove, then } from './support.ts';

export function argumentContract(made: Made): void {
  it('refuses keys that are empty or not Unicode', async () => {
    const { kv } = made();
    for (const key of ['', 'a\ud800', '\udc00']) {
      await assert.rejects(kv.get(key, options), isRefused);
      await assert.rejects(kv.txn(then(put(key)), options), isRefused);
      await assert.rejects(kv.txn(then(remove(key)), options), isRefused);
    }
  });

  it('refuses keys that are too long, and takes the longest', async () => {
    const { kv } = made();
    const longest = 'é'.repeat(keyBytesMax / 2);
    await kv.txn(then(put(longest, 'value')), options);
    assert.equal((await kv.get(longest, options))?.value.toString(), 'value');
    await assert.rejects(kv.get(`${longest}a`, options), isRefused);
    await assert.rejects(kv.txn(then(put('arg/short'), put(`${longest}a`)), options), isRefused);
    assert.equal(await kv.get('arg/short', options), undefined);
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

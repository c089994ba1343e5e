import assert from 'node:assert/strict';
import { it } from 'node:test';
import { isCode } from '#base/errors.ts';
import type { Kv, KvOp, LeaseId } from '../kv.ts';
import { type Made, options, put, then } from './support.ts';

const longMs = 60_000;
const shortMs = 1000;

const bound = (key: string, lease: LeaseId): KvOp => ({
  kind: 'put',
  key,
  value: Buffer.from('bound'),
  lease,
});

const isGone = async (kv: Kv, key: string) => (await kv.get(key, options)) === undefined;

export function leaseContract(made: Made): void {
  it('grants leases that differ', async () => {
    const { kv } = made();
    const leases = [await kv.grantLease(longMs, options), await kv.grantLease(longMs, options)];
    assert.equal(new Set(leases).size, 2);
    for (const lease of leases) assert.equal(await kv.keepLeaseAlive(lease, options), true);
  });

  it('deletes the keys of a lease that is revoked, in one revision', async () => {
    const { kv } = made();
    const lease = await kv.grantLease(longMs, options);
    const before = await kv.txn(then(bound('lease/1', lease), bound('lease/2', lease)), options);
    await kv.revokeLease(lease, options);
    assert.equal(await isGone(kv, 'lease/1'), true);
    assert.equal(await isGone(kv, 'lease/2'), true);
    const { revision } = await kv.range({ start: 'lease/1' }, options);
    assert.equal(revision, before.revision + 1);
    assert.equal(await kv.keepLeaseAlive(lease, options), false);
    await kv.revokeLease(lease, options);
  });

  it('keeps a key that has since been put without the lease, or with another', async () => {
    const { kv } = made();
    const [one, two] = [await kv.grantLease(longMs, options), await kv.grantLease(longMs, options)];
    await kv.txn(then(bound('lease/free', one), bound('lease/other', one)), options);
    await kv.txn(then(put('lease/free'), bound('lease/other', two)), options);
    await kv.revokeLease(one, options);
    assert.equal(await isGone(kv, 'lease/free'), false);
    assert.equal(await isGone(kv, 'lease/other'), false);
    await kv.revokeLease(two, options);
    assert.equal(await isGone(kv, 'lease/other'), true);
  });

  it('refuses to bind a key to a lease that is gone', async () => {
    const { kv } = made();
    const lease = await kv.grantLease(longMs, options);
    await kv.revokeLease(lease, options);
    const late = kv.txn(then(put('lease/also'), bound('lease/late', lease)), options);
    await assert.rejects(
      late,
      (error) => isCode(error, 'session_lost') && error.outcome === 'none',
    );
    assert.equal(await isGone(kv, 'lease/also'), true);
  });

  it('ends a lease that is not kept alive, and only that', async () => {
    const { kv, pass } = made();
    const [left, kept] = [
      await kv.grantLease(shortMs, options),
      await kv.grantLease(shortMs, options),
    ];
    await kv.txn(then(bound('lease/left', left), bound('lease/kept', kept)), options);
    for (let round = 0; !(await isGone(kv, 'lease/left')); round++) {
      assert.ok(round < 100, 'the lease never ended');
      assert.equal(await kv.keepLeaseAlive(kept, options), true);
      await pass(shortMs / 5);
    }
    assert.equal(await isGone(kv, 'lease/kept'), false);
    assert.equal(await kv.keepLeaseAlive(left, options), false);
  });
}

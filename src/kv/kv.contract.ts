/**
 * What every driver of the kv must do, as tests. A driver's own test calls `kvContract` with a way
 * to make a kv; each test uses keys of its own, so that one engine can serve them all.
 */
import { after, before, describe } from 'node:test';
import { argumentContract } from './contract/arguments.ts';
import { compareContract } from './contract/compares.ts';
import { leaseContract } from './contract/leases.ts';
import { nestedContract } from './contract/nested-transactions.ts';
import { readContract } from './contract/reads.ts';
import type { KvUnderTest } from './contract/support.ts';
import { txnContract } from './contract/transactions.ts';
import { watchContract } from './contract/watches.ts';

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

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Allowance } from './allowance.ts';

test('so much a second on average, a second’s worth at once, and debts are paid back', () => {
  let now = 0;
  const allowance = new Allowance({ now: () => now }, 100);
  let spent = 0;
  const spendAll = (amount: number) => {
    for (; allowance.isLeft; spent += amount) allowance.spend(amount);
  };
  spendAll(10);
  assert.equal(spent, 100);
  now = 60_000;
  spendAll(10);
  assert.equal(spent, 200, 'what wasn’t used doesn’t add up');
  for (let step = 0; step < 100; step++) {
    now += 100;
    spendAll(35);
  }
  assert.ok(spent >= 1200 && spent < 1235, String(spent));
});

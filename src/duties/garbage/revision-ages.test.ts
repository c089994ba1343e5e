import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RevisionAges } from './revision-ages.ts';

test('tells no age that it has not seen, and is late by no more than a mark', () => {
  const ages = new RevisionAges({ agesMsMax: 1000, everyMs: 100 });
  assert.equal(ages.standingFor(0, 5), 0);
  for (let now = 0; now <= 5000; now += 7) {
    ages.note(now + 1, now);
    for (const age of [0, 50, 600, 1000]) {
      const revision = ages.standingFor(age, now);
      assert.ok(revision <= Math.max(0, now - age + 1), `revision ${revision} at ${now}`);
      if (now >= age + 107) assert.ok(revision >= now - age - 107);
    }
  }
});

test('remembers only what is asked for', () => {
  const ages = new RevisionAges({ agesMsMax: 1000, everyMs: 100 });
  ages.note(1, 0);
  ages.note(2, 500);
  ages.note(3, 10_000);
  assert.equal(ages.standingFor(1000, 10_000), 2);
  ages.note(4, 11_000);
  assert.equal(ages.standingFor(1000, 11_000), 3);
  assert.equal(ages.standingFor(5000, 11_000), 0);
});

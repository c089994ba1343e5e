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

test('what is handed on is true for whoever hears it, and makes nothing older than it is', () => {
  const one = new RevisionAges({ agesMsMax: 1000, everyMs: 100 });
  for (let now = 0; now <= 3000; now += 50) one.note(now + 1, now);
  const other = new RevisionAges({ agesMsMax: 1000, everyMs: 100 });
  const shift = 1e9;
  other.note(2950, shift + 2950);
  // It is heard late: only so much is lost.
  other.learn(one.tell(3000), shift + 3200);
  assert.ok(one.tell(3000).length <= 12);
  for (const age of [0, 50, 600, 1000]) {
    const revision = other.standingFor(age, shift + 3200);
    assert.ok(revision <= 3200 - age + 1 && revision >= 2800 - age, `${revision} at ${age}`);
  }
  other.learn(one.tell(3000), shift + 3300);
  assert.ok(other.tell(shift + 3300).length <= 13);
});

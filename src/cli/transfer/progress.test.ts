import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parallelly } from './parallel.ts';
import { type ProgressView, progressLine } from './progress-line.ts';
import { Rate } from './rate.ts';

const MiB = 1024 * 1024;
const view: ProgressView = {
  ...{ name: 'photo.jpg', files: 1, filesDone: 0 },
  ...{ bytes: 100 * MiB, bytesDone: 25 * MiB, bytesPerSecond: 5 * MiB },
};

test('name, bar, amount, rate, time left', () => {
  assert.equal(
    progressLine(view, 100),
    'photo.jpg  [=======                     ]  25 MiB/100 MiB  5.0 MiB/s  25 %  0:15 left',
  );
  assert.equal(
    progressLine({ ...view, files: 12, filesDone: 3 }, 70),
    'photo.jpg  3/12 files  25 MiB/100 MiB  5.0 MiB/s  25 %  0:15 left',
  );
  assert.equal(
    progressLine({ ...view, files: undefined, bytes: undefined }, 80),
    'photo.jpg  0 files  25 MiB  5.0 MiB/s',
  );
  assert.match(progressLine({ ...view, bytesDone: 100 * MiB }, 100), /\[={28}\].* 100 %$/);
  assert.match(progressLine({ ...view, bytesPerSecond: 0 }, 100), /25 %$/);
});

test('a line never reaches the edge, whatever the name and the width', () => {
  const names = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constant('\u65e5'.repeat(50)));
  fc.assert(
    fc.property(names, fc.integer({ min: 1, max: 200 }), fc.nat(), (name, columns, done) => {
      const line = progressLine({ ...view, name, bytesDone: done }, columns);
      const width = [...line].reduce((sum, sign) => sum + (sign < '\x80' ? 1 : 2), 0);
      return width < columns && !/\p{Cc}/u.test(line);
    }),
  );
});

test('the rate is that of the last seconds', () => {
  const rate = new Rate();
  assert.equal(rate.bytesPerSecond, 0);
  for (let second = 0; second <= 20; second++) rate.see(second * 1000, Math.min(second, 10) * 100);
  assert.equal(rate.bytesPerSecond, 0);
  rate.see(21_000, 1500);
  assert.equal(Math.round(rate.bytesPerSecond), 100);
  rate.see(22_000, 0);
  assert.equal(rate.bytesPerSecond, 0);
});

test('so many at a time, and no more is fetched than there is room for', async () => {
  let [running, most, fetched] = [0, 0, 0];
  const things = async function* () {
    for (; fetched < 20; ) yield fetched++;
  };
  const done: number[] = [];
  await parallelly(things(), 3, async (thing) => {
    running += 1;
    most = Math.max(most, running);
    assert.ok(fetched <= done.length + 3);
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
    done.push(thing);
  });
  assert.equal(most, 3);
  assert.equal(done.length, 20);
});

test('a failure ends it, after what is under way', async () => {
  let ended = 0;
  const things = (async function* () {
    for (let index = 0; index < 1000; index++) yield index;
  })();
  const run = async (index: number) => {
    await new Promise((resolve) => setImmediate(resolve));
    if (index === 5) throw new Error('five');
    ended += 1;
  };
  await assert.rejects(parallelly(things, 2, run), /five/);
  assert.ok(ended < 1000);
});

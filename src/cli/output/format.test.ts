import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aligned, paired } from './columns.ts';
import { countText, durationText, printable, sizeText, timeText } from './format.ts';

test('sizes', () => {
  const sizes = [0, 999, 1000, 1024, 1536, 10_239, 999 * 1024, 1024 ** 2, 5 * 1024 ** 4, 2 ** 62];
  assert.deepEqual(sizes.map(sizeText), [
    ...['0 B', '999 B', '1.0 KiB', '1.0 KiB', '1.5 KiB', '10 KiB', '999 KiB', '1.0 MiB'],
    ...['5.0 TiB', '4096 PiB'],
  ]);
});

test('durations, times, counts', () => {
  assert.deepEqual([0, 7.4, 754, 11_100, 273_600].map(durationText), [
    ...['0:00', '0:07', '12:34', '3:05:00', '3 d 4 h'],
  ]);
  assert.equal(timeText('2026-01-31T12:00:05.123Z'), '2026-01-31 12:00:05');
  assert.deepEqual([countText(1, 'file'), countText(1234, 'file')], ['1 file', '1,234 files']);
});

test('nothing in a name moves the cursor', () => {
  assert.equal(printable('a\x1b[2Jb\x9bc\u202ed\ne'), 'a�[2Jb�c�d�e');
  assert.equal(printable('caf\u00e9 \u65e5\u672c'), 'caf\u00e9 \u65e5\u672c');
});

test('columns are aligned by what is seen', () => {
  const columns = [{ title: 'name' }, { title: 'size', right: true }];
  const rows = [
    ['\x1b[31ma\x1b[39m', '1'],
    ['long-one', '1000'],
  ];
  assert.equal(
    aligned(columns, rows),
    ['name      size', '\x1b[31ma\x1b[39m            1', 'long-one  1000'].join('\n'),
  );
  assert.equal(
    paired([
      ['a', '1'],
      ['bcd', '2'],
    ]),
    'a    1\nbcd  2',
  );
});

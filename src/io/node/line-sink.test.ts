import assert from 'node:assert/strict';
import { closeSync, openSync, writeSync } from 'node:fs';
import { beforeEach, test } from 'node:test';
import { type LineSink, lineSink } from './line-sink.ts';

let text: string;
let room: number;
let sink: LineSink;

/** As much as there is room for, as a disk does. */
function write(bytes: Uint8Array): number {
  if (room === 0) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
  const taken = bytes.subarray(0, room);
  room -= taken.length;
  text += Buffer.from(taken).toString();
  return taken.length;
}

beforeEach(() => {
  text = '';
  room = 1000;
  sink = lineSink((lines) => sink(`${lines} lost\n`), write);
});

test('lines are written whole', () => {
  sink('one\n');
  sink('two\n');
  assert.equal(text, 'one\ntwo\n');
});

test('a full disk loses lines, and says so when it has room again', () => {
  room = 0;
  sink('one\n');
  sink('two\n');
  room = 1000;
  sink('three\n');
  sink('four\n');
  assert.equal(text, 'three\n2 lost\nfour\n');
});

test('a device that takes nothing is no reason to end', (context) => {
  const full = openSync('/dev/full', 'w');
  context.after(() => closeSync(full));
  let told = 0;
  const toFull = lineSink(
    () => {
      told += 1;
    },
    (bytes) => writeSync(full, bytes),
  );
  toFull('one\n');
  toFull('two\n');
  assert.equal(told, 0);
});

test('after a line that was cut the next one begins a line of its own', () => {
  room = 2;
  sink('one\n');
  room = 1000;
  sink('two\n');
  assert.equal(text, 'on\ntwo\n1 lost\n');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Dice } from './dice.ts';
import { Inode } from './inode.ts';

const letters = (letter: string, count: number) => Buffer.alloc(count, letter);

test('what was synced survives a power cut, what was not is torn by sectors', () => {
  let torn = 0;
  for (let seed = 0; seed < 50; seed++) {
    const inode = new Inode();
    inode.write(letters('a', 3000), 0);
    inode.sync();
    inode.write(letters('b', 3000), 1000);
    assert.equal(inode.size, 4000);
    inode.tear(new Dice(seed));
    const { seen } = inode;
    assert.ok(seen.subarray(0, 1000).equals(letters('a', 1000)));
    assert.ok(seen.length >= 3000 && !inode.isDirty);
    for (let at = 1024; at + 512 <= 3000; at += 512) {
      const sector = seen.subarray(at, at + 512);
      assert.ok(sector.equals(letters('a', 512)) || sector.equals(letters('b', 512)));
    }
    if (seen.includes('b') && seen.subarray(1000).includes('a')) torn += 1;
  }
  assert.ok(torn > 10);
});

test('what a failed flush dropped is seen, and gone with the power, unless written again', () => {
  for (const isWrittenAgain of [false, true]) {
    const inode = new Inode();
    inode.write(letters('a', 600), 0);
    inode.sync();
    inode.write(letters('b', 600), 600);
    inode.dropUnsynced();
    if (isWrittenAgain) inode.write(letters('b', 600), 600);
    inode.sync();
    assert.equal(inode.size, 1200);
    inode.tear(new Dice(1));
    assert.equal(inode.size, isWrittenAgain ? 1200 : 600);
  }
});

test('a truncation that was not synced may be undone, one that was is not', () => {
  const sizes = new Set<number>();
  for (let seed = 0; seed < 50; seed++) {
    const inode = new Inode();
    inode.write(letters('a', 1000), 0);
    inode.sync();
    inode.truncate(100);
    if (seed === 0) inode.sync();
    inode.tear(new Dice(seed));
    if (seed === 0) assert.equal(inode.size, 100);
    else sizes.add(inode.size);
    assert.ok(inode.seen.equals(letters('a', inode.size)));
  }
  assert.deepEqual([...sizes].sort(), [100, 1000]);
});

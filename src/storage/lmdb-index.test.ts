import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { createNodeDisk } from '#io/node/disk.ts';
import { silentLogger } from '#observe/log.ts';
import { createLmdbIndexFactory } from './lmdb-index.ts';
import { openIndex } from './open-index.ts';
import type { IndexBatch } from './shard-index.ts';

const factory = createLmdbIndexFactory();
const salt = 12345;
const tally = { liveShards: 1, liveBytes: 2, liveRecordBytes: 3 };
let root: string;
let count = 0;

const newFolder = async () => {
  const folder = path.join(root, `index-${count++}`);
  await fs.mkdir(folder);
  return folder;
};
const key = (number: number) => number.toString(16).padStart(58, '0');
const place = (number: number) => ({ segment: 1, offset: number * 100, length: number + 1 });

function batch(from: number, to: number): IndexBatch {
  const numbers = Array.from({ length: to - from }, (_, index) => from + index);
  return {
    changes: new Map(numbers.map((number) => [key(number), place(number)])),
    tallies: new Map([[7, tally]]),
    position: { segment: 7, offset: to },
  };
}

before(async () => {
  root = await fs.mkdtemp(path.join(os.tmpdir(), 'lmdb-index-test-'));
});
after(() => fs.rm(root, { recursive: true, force: true }));

test('what was committed is there after opening it again', async () => {
  const folder = await newFolder();
  let index = await factory.open(folder, salt);
  assert.equal(index.position, undefined);
  assert.deepEqual(index.tallies(), new Map());
  await index.commit(batch(0, 100));
  await index.commit({ ...batch(0, 0), changes: new Map([[key(50), undefined]]) });
  await index.commit(batch(100, 120));
  await index.close();
  index = await factory.open(folder, salt);
  assert.deepEqual(index.position, { segment: 7, offset: 120 });
  assert.deepEqual(index.tallies(), new Map([[7, tally]]));
  assert.deepEqual(index.get(key(110)), place(110));
  assert.deepEqual([index.get(key(50)), index.get(key(120))], [undefined, undefined]);
  const page = index.list(key(48), 3, '').map((entry) => entry.key);
  assert.deepEqual(page, [key(49), key(51), key(52)]);
  assert.equal(index.list(undefined, 1000, '').length, 119);
  assert.deepEqual(index.list(key(119), 10, ''), []);
  await index.close();
  await assert.rejects(factory.open(folder, salt + 1), /of another disk/);
});

test('a damaged entry is never believed', async () => {
  const folder = await newFolder();
  let index = await factory.open(folder, salt);
  await index.commit(batch(0, 50));
  await index.close();
  const file = path.join(folder, 'data.mdb');
  const bytes = await fs.readFile(file);
  const entry = Buffer.from(key(33), 'hex');
  for (let at = bytes.indexOf(entry); at >= 0; at = bytes.indexOf(entry, at + 1)) {
    bytes[at + entry.length + 5] = 0xff;
  }
  await fs.writeFile(file, bytes);
  index = await factory.open(folder, salt);
  assert.throws(() => index.get(key(33)), /damaged/);
  assert.throws(() => index.list(key(30), 10, ''), /damaged/);
  assert.deepEqual(index.get(key(34)), place(34));
  await index.close();
});

const damages: Record<string, (bytes: Buffer) => Buffer> = {
  empty: () => Buffer.alloc(0),
  rubbish: (bytes) => bytes.fill(0x5a),
  zeros: (bytes) => bytes.fill(0),
  'one page': (bytes) => bytes.subarray(0, 4096),
  'cut off': (bytes) => bytes.subarray(0, bytes.length - 4096),
  'one meta page lost': (bytes) => bytes.fill(0xff, 4096, 8192),
};

const open = (folder: string) =>
  openIndex(
    { disk: createNodeDisk(), log: silentLogger, factory },
    { folder, salt, covers: () => true },
  );

for (const [name, damage] of Object.entries(damages)) {
  test(`a damaged index is made anew: ${name}`, async () => {
    const folder = await newFolder();
    const first = await open(folder);
    await first.index.commit(batch(0, 1000));
    await first.close();
    const file = path.join(folder, 'data.mdb');
    await fs.writeFile(file, damage(await fs.readFile(file)));
    const second = await open(folder);
    assert.equal(second.index.position, undefined);
    await second.index.commit(batch(0, 10));
    assert.deepEqual(second.index.get(key(5)), place(5));
    await second.close();
  });
}

test('an index whose process died opening it, or three times in use, is made anew', async () => {
  for (const [mark, expected] of [
    ['0', 10],
    ['2', 10],
    ['3', undefined],
    ['opening', undefined],
    ['nonsense', undefined],
  ] as const) {
    const folder = await newFolder();
    const first = await open(folder);
    await first.index.commit(batch(0, 10));
    await first.close();
    await fs.writeFile(`${folder}.mark`, mark);
    const second = await open(folder);
    assert.equal(second.index.position?.offset, expected, mark);
    const uncleanEnds = expected === undefined ? 1 : Number(mark) + 1;
    assert.equal(await fs.readFile(`${folder}.mark`, 'utf8'), String(uncleanEnds));
    await second.close();
    assert.equal(await fs.readFile(`${folder}.mark`, 'utf8'), '0');
  }
});

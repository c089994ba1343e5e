import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { createNodeDisk } from './disk.ts';

const disk = createNodeDisk();
let folder: string;

before(async () => {
  folder = await fs.mkdtemp(path.join(os.tmpdir(), 'disk-test-'));
});
after(() => fs.rm(folder, { recursive: true, force: true }));

for (const mode of ['write', 'write-sync'] as const) {
  test(`a file opened with '${mode}' gives back what was written`, async () => {
    const name = path.join(folder, `round-${mode}`);
    const file = await disk.open(name, mode);
    const parts = Array.from({ length: 3000 }, (_, i) => Buffer.from(`part ${i};`));
    await file.write([Buffer.alloc(0), ...parts, Buffer.alloc(0)], 0);
    await file.write([Buffer.from('X')], 2);
    await file.sync();
    const expected = Buffer.concat(parts);
    expected.write('X', 2);
    assert.equal(await file.size(), expected.length);
    const into = Buffer.alloc(expected.length + 10);
    assert.equal(await file.read(into, 0), expected.length);
    assert.deepEqual(into.subarray(0, expected.length), expected);
    assert.equal(file.readNow(into, 100), expected.length - 100);
    assert.deepEqual(into.subarray(0, expected.length - 100), expected.subarray(100));
    await file.truncate(5);
    assert.equal(await file.read(into, 0), 5);
    await file.close();
  });
}

test('a missing file is an error to open, and undefined to read whole', async () => {
  const name = path.join(folder, 'missing');
  await assert.rejects(disk.open(name, 'read'), { code: 'ENOENT' });
  assert.equal(await disk.readWhole(name), undefined);
  assert.deepEqual(await disk.list(path.join(folder, 'no', 'folder')), []);
});

test('writeWhole replaces the file and leaves nothing beside it', async () => {
  const inside = path.join(folder, 'a', 'b', 'c');
  await disk.makeFolder(inside);
  await disk.makeFolder(inside);
  const name = path.join(inside, 'identity');
  await disk.writeWhole(name, Buffer.from('one'));
  await disk.writeWhole(name, Buffer.from('two'), 0o640);
  assert.equal(String(await disk.readWhole(name)), 'two');
  assert.equal((await fs.stat(name)).mode & 0o777, 0o640);
  assert.deepEqual(await disk.list(inside), ['identity']);
  await disk.rename(name, path.join(inside, 'other'));
  assert.deepEqual(await disk.list(inside), ['other']);
  await disk.remove(path.join(inside, 'other'));
  assert.deepEqual(await disk.list(inside), []);
});

test('space tells the free and the total bytes', async () => {
  const { freeBytes, totalBytes } = await disk.space(folder);
  assert.ok(totalBytes > 0 && freeBytes >= 0 && freeBytes <= totalBytes);
});

test('a folder has one holder at a time, whatever the path to it', async () => {
  const locked = path.join(folder, 'locked');
  await disk.makeFolder(locked);
  const other = path.join(folder, 'other-name');
  await fs.symlink(locked, other);
  const lock = await disk.lock(locked);
  await assert.rejects(disk.lock(other), {
    code: 'ELOCKED',
    message: new RegExp(`PID ${process.pid}`),
  });
  await lock.release();
  await (await disk.lock(other)).release();
});

test('the lock dies with its holder', async () => {
  const locked = path.join(folder, 'killed');
  await disk.makeFolder(locked);
  const program = `
    import { createNodeDisk } from ${JSON.stringify(new URL('./disk.ts', import.meta.url).href)};
    await createNodeDisk().lock(${JSON.stringify(locked)});
    process.stdout.write('locked');
    process.stdin.resume();
  `;
  const holder = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  try {
    await once(holder.stdout, 'data');
    await assert.rejects(disk.lock(locked), { code: 'ELOCKED', message: RegExp(`${holder.pid}`) });
  } finally {
    const ended = once(holder, 'exit');
    holder.kill('SIGKILL');
    await ended;
  }
  await (await disk.lock(locked)).release();
});

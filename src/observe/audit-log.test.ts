import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Disk } from '#io/disk.ts';
import { createNodeDisk } from '#io/node/disk.ts';
import { type AuditEntry, AuditLog } from './audit-log.ts';
import { silentLogger } from './log.ts';

const MiB = 1024 * 1024;
const clock = { wall: () => Date.UTC(2030, 0, 1) };
const entry = (path: string): AuditEntry => ({
  request: 'ab12-1',
  who: { address: '127.0.0.1' },
  operation: 'put',
  path,
  etag: '"e"',
  outcome: 'done',
});

async function rig(t: TestContext, disk: Disk = createNodeDisk(), bytesMax = 8 * MiB) {
  const folder = await mkdtemp(join(tmpdir(), 'dftfs-audit-'));
  t.after(() => rm(folder, { recursive: true }));
  const open = (name: 'audit' | 'refused' = 'audit') =>
    new AuditLog({ disk, clock, log: silentLogger }, { folder, name, bytesMax });
  const lines = async () => {
    const names = (await readdir(folder)).sort();
    const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
    return texts.join('').split('\n').filter(Boolean);
  };
  return { folder, open, lines };
}

test('a change is a line, and lines go on where the last process ended', async (t) => {
  const { open, lines } = await rig(t);
  for (const path of ['/a', '/b']) {
    const audit = open();
    audit.record(entry(path));
    await audit.close();
  }
  const [first, second] = (await lines()).map((line) => JSON.parse(line) as object);
  assert.deepEqual(first, { time: '2030-01-01T00:00:00.000Z', ...entry('/a') });
  assert.deepEqual(second, { time: '2030-01-01T00:00:00.000Z', ...entry('/b') });
});

test('files of another name in the same folder are another’s', async (t) => {
  const { folder, open } = await rig(t);
  for (const name of ['audit', 'refused', 'audit'] as const) {
    const audit = open(name);
    audit.record(entry(`/${name}`));
    await audit.close();
  }
  const read = (name: string) => readFile(join(folder, `${name}-00000001.jsonl`), 'utf8');
  assert.equal((await read('audit')).match(/"path":"\/audit"/g)?.length, 2);
  assert.equal((await read('refused')).match(/"path":/g)?.length, 1);
  assert.equal((await readdir(folder)).length, 2);
});

test('what a client says breaks no line', async (t) => {
  const { open, lines } = await rig(t);
  const path = '/a\n{"time":"never"}\r\u0000\u001b[31m"\\';
  const audit = open();
  audit.record(entry(path));
  await audit.close();
  const [line = '', ...others] = await lines();
  assert.deepEqual(others, []);
  assert.equal((JSON.parse(line) as AuditEntry).path, path);
  assert.ok([...line].every((character) => character >= ' '));
});

test('a line that a crash cut short spoils no other', async (t) => {
  const { folder, open, lines } = await rig(t);
  const before = open();
  before.record(entry('/a'));
  await before.close();
  await appendFile(join(folder, 'audit-00000001.jsonl'), '{"time":"2030-01-');
  const after = open();
  after.record(entry('/b'));
  await after.close();
  const all = await lines();
  assert.equal(all.length, 3);
  assert.equal((JSON.parse(all[2] as string) as AuditEntry).path, '/b');
});

test('all files together stay within the bound, and the newest lines are kept', async (t) => {
  const { folder, open, lines } = await rig(t);
  const audit = open();
  const count = 40_000;
  for (let from = 0; from < count; from += 10_000) {
    for (let nth = from; nth < from + 10_000; nth++) {
      audit.record(entry(`/${'x'.repeat(500)}/${nth}`));
    }
    await audit.close();
  }
  const names = await readdir(folder);
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size));
  assert.ok(names.length > 1);
  assert.ok(sizes.reduce((sum, size) => sum + size, 0) <= 8 * MiB);
  const last = (await lines()).at(-1) as string;
  assert.ok((JSON.parse(last) as AuditEntry).path.endsWith(`/${count - 1}`));
});

test('lines that are long for their files make no file larger', async (t) => {
  const bytesMax = MiB / 4;
  const { folder, open } = await rig(t, createNodeDisk(), bytesMax);
  const audit = open('refused');
  for (let nth = 0; nth < 500; nth++) audit.record(entry(`/${'x'.repeat(4000)}/${nth}`));
  await audit.close();
  const names = await readdir(folder);
  assert.equal(names.length, 8);
  for (const name of names) {
    assert.ok((await stat(join(folder, name))).size <= bytesMax / 8, name);
  }
});

test('a disk that fails refuses no change; what was lost is told when it works again', async (t) => {
  const real = createNodeDisk();
  let isBroken = true;
  const disk = Object.assign(Object.create(real) as Disk, {
    open: (path: string, mode: 'write') =>
      isBroken ? Promise.reject(new Error('for the test')) : real.open(path, mode),
  });
  const { open, lines } = await rig(t, disk);
  const audit = open();
  audit.record(entry('/a'));
  audit.record(entry('/b'));
  await audit.close();
  assert.equal(audit.linesLost, 2);
  isBroken = false;
  audit.record(entry('/c'));
  await audit.close();
  const said = (await lines()).map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.deepEqual(
    said.map(({ linesLost, path }) => linesLost ?? path),
    [2, '/c'],
  );
});

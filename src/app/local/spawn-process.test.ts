import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { createLmdbIndexFactory } from '#storage/lmdb-index.ts';
import { until } from '../../../test/support/until.ts';
import { processFolder } from './manifest.ts';
import { findProcess } from './process-record.ts';
import { inheritedFd, spawnProcess } from './spawn-process.ts';

async function openIn(pid: number): Promise<Map<number, string>> {
  const folder = `/proc/${pid}/fd`;
  const open = new Map<number, string>();
  for (const name of await readdir(folder)) {
    // The listing's own is closed by then.
    const link = await readlink(`${folder}/${name}`).catch(() => undefined);
    if (link !== undefined) open.set(Number(name), link);
  }
  return open;
}

test('a process gets its log and what it is to inherit, and nothing else that is open', async () => {
  const data = await mkdtemp(path.join(os.tmpdir(), 'dftfs-spawn-'));
  const index = await createLmdbIndexFactory().open(path.join(data, 'index'), 7);
  await mkdir(processFolder(data, 'one'));
  const own = await openIn(process.pid);
  const database = [...own.values()].find((link) => link.endsWith('/data.mdb'));
  assert.ok(database?.startsWith(data), 'void: nothing is open that could be passed on');
  const command = { name: 'one', file: 'sleep', args: ['600'], environment: process.env };
  const pid = spawnProcess(data, { ...command, inherit: 0 });
  try {
    await until('the program runs', async () => {
      return (await readFile(`/proc/${pid}/comm`, 'utf8')) === 'sleep\n' || undefined;
    });
    const open = await openIn(pid);
    assert.deepEqual([...open.keys()].sort(), [0, 1, 2, inheritedFd]);
    assert.match(open.get(1) ?? '', /one\.log$/);
    assert.equal(findProcess(data, 'one')?.pid, pid);
  } finally {
    process.kill(pid, 'SIGKILL');
    await index.close();
    await rm(data, { recursive: true });
  }
});

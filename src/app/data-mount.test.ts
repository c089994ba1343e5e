import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { isCode } from '#base/errors.ts';
import { checkMounted } from './data-mount.ts';

test('an unmounted mount point is refused, a mounted disk is not', async (context) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'dftfs-mount-'));
  context.after(() => rm(folder, { recursive: true }));
  const data = path.join(folder, 'node-1');
  const store = path.join(data, 'store');
  const isRefused = (error: unknown) => isCode(error, 'invalid_argument');
  await assert.rejects(checkMounted(data, store), isRefused, 'nothing is there');
  await mkdir(store, { recursive: true });
  await assert.rejects(checkMounted(data, store), isRefused, 'an empty folder');
  // The kernel's own file system is surely another one.
  assert.notEqual((await stat('/proc')).dev, (await stat('/')).dev);
  await checkMounted('/proc', '/proc/nothing-here');
  await checkMounted(data, '/proc');
});

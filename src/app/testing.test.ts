/** As the tests of an application use it. */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { PathExistsError, PathNotFoundError } from '#client/index.ts';
import { startTestServer } from './testing.ts';

test('put, get, copy, move, list, remove: as a cluster does', async () => {
  await using server = await startTestServer();
  const { storage, url } = server;
  const large = Buffer.alloc(5_000_000, 'large');
  const meta = { contentType: 'text/plain', metadata: { author: 'me' } };
  await storage.put('/a/small.txt', 'hello', meta);
  await storage.put('/a/large', large);
  await assert.rejects(storage.put('/a/large', 'again'), PathExistsError);
  assert.equal((await storage.get('/a/small.txt')).toString(), 'hello');
  assert.ok(large.equals(await storage.get('/a/large')));
  await storage.copy('/a/small.txt', '/again');
  await storage.move('/a/large', '/b/large');
  await assert.rejects(storage.get('/a/large'), PathNotFoundError);
  const names = await Array.fromAsync(storage.ls('/', { recursive: true }), ({ name }) => name);
  assert.deepEqual(names, ['a/small.txt', 'again', 'b/large']);
  const stat = await storage.stat('/again');
  assert.deepEqual([stat.contentType, stat.metadata.author], ['text/plain', 'me']);
  assert.equal(stat.lossesSurvivable, 0);
  assert.equal(await storage.rm('/', { recursive: true }), 3);
  assert.equal((await fetch(`${url}/exists?path=/again`)).status, 200);
});

test('servers beside each other know nothing of each other', async () => {
  const servers = await Promise.all([startTestServer(), startTestServer()]);
  const [one, two] = servers as [(typeof servers)[0], (typeof servers)[0]];
  await one.storage.put('/only-here', 'x');
  assert.equal(await two.storage.exists('/only-here'), false);
  await Promise.all(servers.map((server) => server.close()));
  await assert.rejects(fetch(one.url));
});

test('nothing is left behind', async (context) => {
  const { TMPDIR } = process.env;
  const folder = await mkdtemp(join(os.tmpdir(), 'dftfs-testing-'));
  context.after(async () => {
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
    await rm(folder, { recursive: true });
  });
  process.env.TMPDIR = folder;
  const server = await startTestServer();
  assert.equal((await readdir(folder)).length, 1);
  await server.storage.put('/a', 'x');
  await server.close();
  await server.close();
  assert.deepEqual(await readdir(folder), []);
});

test('a port that is taken is said to be', async () => {
  await using server = await startTestServer();
  const port = Number(new URL(server.url).port);
  await assert.rejects(startTestServer({ port }), { code: 'EADDRINUSE' });
});

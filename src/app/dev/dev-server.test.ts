import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Cluster, Storage } from '#client/index.ts';
import { startDevServer } from './dev-server.ts';

async function starter(context: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'dftfs-dev-test-'));
  const ends: (() => Promise<void> | void)[] = [];
  context.after(async () => {
    for (const end of ends) await end();
    await rm(folder, { recursive: true });
  });
  const start = async () => {
    const server = await startDevServer({ folder });
    const storage = new Storage([server.url]);
    let isOver = false;
    const close = async () => {
      if (isOver) return;
      isOver = true;
      storage.close();
      await server.close();
    };
    ends.push(close);
    return { storage, url: server.url, close };
  };
  return { folder, start };
}

test('what was put is there after a new start, and can go on', async (context) => {
  const { start } = await starter(context);
  const content = Buffer.alloc(3_000_000, 'abcdefg');
  let server = await start();
  await server.storage.put('/a', content, { contentType: 'image/png', metadata: { by: 'me' } });
  await server.storage.copy('/a', '/b');
  await server.storage.put('/c', 'gone');
  await server.storage.rm('/c');
  await server.close();
  server = await start();
  assert.ok(content.equals(await server.storage.get('/b')));
  const { contentType, metadata } = await server.storage.stat('/a');
  assert.deepEqual([contentType, metadata.by], ['image/png', 'me']);
  assert.equal(await server.storage.exists('/c'), false);
  await server.storage.put('/c', 'again');
  await server.storage.rm('/a');
  assert.ok(content.equals(await server.storage.get('/b')));
});

test('a folder is one server’s at a time', async (context) => {
  const { start } = await starter(context);
  const server = await start();
  await assert.rejects(start(), { code: 'ELOCKED' });
  await server.storage.put('/a', 'still there');
  await server.close();
  assert.equal((await (await start()).storage.get('/a')).toString(), 'still there');
});

test('it says that it is not fault tolerant, and lacks nothing', async (context) => {
  const { start, folder } = await starter(context);
  const { storage, url } = await start();
  await storage.put('/a', 'x');
  const cluster = new Cluster([url]);
  const { protection, nodes, names } = await cluster.status();
  cluster.close();
  assert.equal(protection.wantedMargin, 0);
  assert.equal(protection.underProtected.volumes, 0);
  assert.ok(protection.withoutMargin.volumes > 0);
  assert.deepEqual(
    nodes.map(({ id, live }) => [id, live]),
    [['dev', true]],
  );
  assert.deepEqual(
    names.members.map(({ endpoint, healthy }) => [endpoint, healthy]),
    [['lmdb', true]],
  );
  assert.equal(await readFile(join(folder, '.gitignore'), 'utf8'), '*\n');
});

/** `dftfs cp --to`: from one storage to another. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { startTestServer, type TestServer } from '#app/testing.ts';
import { objectsOf, runIn, type TerminalShape } from '../../../test/support/cli-terminal.ts';
import { deadEndpoint } from '../../../test/support/dead-endpoint.ts';

async function pair(context: TestContext) {
  const servers = await Promise.all([startTestServer(), startTestServer()]);
  context.after(() => Promise.all(servers.map((server) => server.close())));
  const [source, target] = servers as [TestServer, TestServer];
  const run = (words: readonly string[], shape: TerminalShape = {}) =>
    runIn(words, { endpoints: [source.url], ...shape });
  return { source: source.storage, target: target.storage, to: target.url, run };
}

const pathsOf = ({ storage }: Pick<TestServer, 'storage'>) =>
  Array.fromAsync(storage.ls('/', { recursive: true }), ({ name }) => `/${name}`);

test('everything goes to another storage, with all that is kept of it', async (context) => {
  const { source, target, to, run } = await pair(context);
  const large = Buffer.alloc(5_000_000, 'large ');
  const kept = { contentType: 'text/x-odd; charset=utf-8', metadata: { owner: 'me', n: '1' } };
  await source.put('/a/b/text', 'text', kept);
  await source.put('/a/large', large, { metadata: { size: 'l' } });
  await source.put('/empty', '');
  await source.put('/ünïcode *?', 'x');
  const done = await run(['cp', '-r', '--json', '--to', to, '/', '/']);
  assert.equal(done.exit, 0, done.stderr);
  assert.equal(objectsOf(done.stdout).length, 4);
  assert.deepEqual(await pathsOf({ storage: target }), await pathsOf({ storage: source }));
  assert.ok(large.equals(await target.get('/a/large')));
  for (const path of await pathsOf({ storage: source })) {
    const { size, crc32, contentType, metadata } = await source.stat(path);
    const found = await target.stat(path);
    assert.deepEqual(
      [found.size, found.crc32, found.contentType, { ...found.metadata }],
      [size, crc32, contentType, { ...metadata }],
    );
  }
});

test('what is there already stays, and is no failure if so wished', async (context) => {
  const { source, target, to, run } = await pair(context);
  await source.put('/a', 'of source');
  await source.put('/b', 'b');
  await target.put('/a', 'of target');
  const taken = await run(['cp', '-r', '--to', to, '/', '/']);
  assert.equal(taken.exit, 3);
  assert.match(taken.stderr, /\/a: There is a file \/a already/);
  assert.equal((await target.get('/a')).toString(), 'of target');
  assert.equal((await target.get('/b')).toString(), 'b');
  await source.put('/c', 'c');
  assert.equal((await run(['cp', '-r', '--skip-existing', '--to', to, '/', '/'])).exit, 0);
  assert.equal((await target.get('/c')).toString(), 'c');
});

test('one file, a pattern, a folder into itself elsewhere', async (context) => {
  const { source, target, to, run } = await pair(context);
  for (const path of ['/d/1.txt', '/d/2.txt', '/d/3.png']) await source.put(path, path);
  assert.equal((await run(['cp', '--to', to, '/d/1.txt', '/one'])).exit, 0);
  assert.equal((await run(['cp', '--to', to, '/d/*.txt', '/texts/'])).exit, 0);
  assert.equal((await run(['cp', '-r', '--to', to, '/d', '/d/inside'])).exit, 0);
  const expected = ['1.txt', '2.txt', '3.png'].map((name) => `/d/inside/${name}`);
  const found = await pathsOf({ storage: target });
  assert.deepEqual(found, [...expected, '/one', '/texts/1.txt', '/texts/2.txt']);
  assert.equal((await target.get('/one')).toString(), '/d/1.txt');
});

test('where the other does not answer nothing is done, and a wrong URL is said to be', async (context) => {
  const { source, run } = await pair(context);
  await source.put('/a', 'x');
  assert.equal((await run(['cp', '--to', await deadEndpoint(), '/a', '/b'])).exit, 4);
  assert.equal((await run(['cp', '--to', 'ftp://x', '/a', '/b'])).exit, 2);
  assert.equal(await source.exists('/b'), false);
});

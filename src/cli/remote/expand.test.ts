import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ListEntry, PathNotFoundError } from '#client/index.ts';
import { expandPattern, filesOf, type Lister } from './expand.ts';
import { parseDestination, targetOf } from './remote-path.ts';

const paths = [
  '/a',
  '/a-b',
  '/a/b',
  '/a/c/d',
  '/a/c/e',
  '/logs/1.txt',
  '/logs/2.txt',
  '/logs/x/3.txt',
  '/self/self',
];
const files = [...paths, '/star*', '/self'];

/** Like the server: in order, folders once, a file that nothing is below as itself. */
const storage: Lister = {
  exists: async (path) => files.includes(path),
  async *ls(folder = '/', { recursive = false } = {}): AsyncGenerator<ListEntry> {
    const base = folder === '/' ? '/' : `${folder}/`;
    const below = files.filter((path) => path.startsWith(base)).sort();
    if (below.length === 0 && files.includes(folder)) {
      yield { name: folder.slice(folder.lastIndexOf('/') + 1), kind: 'file', size: 1 };
      return;
    }
    if (below.length === 0 && folder !== '/') {
      throw new PathNotFoundError(`nothing under ${folder}`, { code: 'path_not_found' });
    }
    const seen = new Set<string>();
    for (const path of below) {
      const name = path.slice(base.length);
      const [first = '', rest] = name.split('/');
      if (recursive || rest === undefined) yield { name, kind: 'file', size: 1 };
      else if (!seen.has(first)) yield { name: first, kind: 'folder' };
      if (rest !== undefined) seen.add(first);
    }
  },
};

const how = { storage, literal: false, recursive: false, signal: new AbortController().signal };
const deep = { ...how, recursive: true };

async function all<T>(things: AsyncIterable<T>): Promise<T[]> {
  return Array.fromAsync(things);
}
const found = async (text: string, options = how) =>
  (await all(filesOf([text], options))).map(({ path }) => path);

test('a plain path is itself', async () => {
  assert.deepEqual(await found('a/b'), ['/a/b']);
  assert.deepEqual(await found('/star*', { ...how, literal: true }), ['/star*']);
});

test('a pattern finds files, and with recursion folders', async () => {
  assert.deepEqual(await found('/logs/*.txt'), ['/logs/1.txt', '/logs/2.txt']);
  assert.deepEqual(await found('/logs/*'), ['/logs/1.txt', '/logs/2.txt']);
  assert.deepEqual(await found('/logs/*', deep), ['/logs/1.txt', '/logs/2.txt', '/logs/x/3.txt']);
  assert.deepEqual(await found('/**/*.txt'), ['/logs/1.txt', '/logs/2.txt', '/logs/x/3.txt']);
  assert.deepEqual(await found('/a/*/e'), ['/a/c/e']);
  await assert.rejects(found('/logs/*.gz'), PathNotFoundError);
  await assert.rejects(found('/nowhere/*'), PathNotFoundError);
});

test('with recursion no file is found twice', async () => {
  for (const text of ['/**', '/*', '/a**']) {
    const list = await found(text, deep);
    assert.equal(new Set(list).size, list.length, text);
    assert.ok(list.includes('/a') && list.includes('/a/c/d'), text);
  }
  assert.deepEqual((await found('/*', deep)).sort(), [...files].sort());
});

test('below a path: the file itself too, and no listing of itself', async () => {
  assert.deepEqual(await found('/a', deep), ['/a', '/a/b', '/a/c/d', '/a/c/e']);
  assert.deepEqual(await found('/a-b', deep), ['/a-b']);
  assert.deepEqual(await found('/self', deep), ['/self', '/self/self']);
  assert.deepEqual(
    await found('/self/self/*', how).catch((error: Error) => error.name),
    'PathNotFoundError',
  );
  await assert.rejects(found('/nothing', deep), PathNotFoundError);
});

test('what lies below is named from its source on', async () => {
  const list = await all(filesOf(['/a'], deep));
  assert.deepEqual(
    list.map(({ inside, folder }) => [inside, folder]),
    [
      ['a', undefined],
      ['b', 'a'],
      ['c/d', 'a'],
      ['c/e', 'a'],
    ],
  );
  const [pattern] = await all(expandPattern('/logs/x*', deep));
  assert.equal(pattern?.kind, 'folder');
});

test('a destination is a folder by how it is written', () => {
  const target = (text: string, many = false) => targetOf(parseDestination(text, many), 'f');
  assert.deepEqual(
    [target('/x'), target('/x/'), target('x', true), target('/')],
    ['/x', '/x/f', '/x/f', '/f'],
  );
  assert.throws(() => parseDestination('/a/../b', false), /'\.\.'/);
});

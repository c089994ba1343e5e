import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { DftfsError, isCode } from '#base/errors.ts';
import { createNodeWorld } from '#io/node/world.ts';
import type { Kv, PutOp } from '#kv/kv.ts';
import { MemoryKv } from '#kv/memory/memory-kv.ts';
import { fileKey } from '#protocol/keys.ts';
import {
  type NamesFixture,
  namesFixture,
  options,
  put,
} from '../../../test/support/names-fixture.ts';
import { encodeFileRecord } from '../record-codec.ts';
import type { ListEntry, ListOptions } from './list.ts';

let fixture: NamesFixture;
let value: Buffer;
/** Keys that the engine gave since `reset`. */
let reads: number[] = [];
let compacted = false;

function counting(kv: Kv): Kv {
  const range: Kv['range'] = async (range, call) => {
    if (compacted && range.revision !== undefined) {
      throw new DftfsError('names_unavailable', 'The revision was compacted.');
    }
    const found = await kv.range(range, call);
    reads.push(found.entries.length);
    return found;
  };
  return new Proxy(kv, { get: (kv, name) => (name === 'range' ? range : Reflect.get(kv, name)) });
}

before(async () => {
  fixture = await namesFixture(new MemoryKv(createNodeWorld()), counting);
  const { contentType, metadata, blob, size, crc, extents } = fixture.newFile();
  const record = { contentType, metadata, blob, size, crc, extents, modifiedMs: 5, request: 'r' };
  value = encodeFileRecord(record);
});

async function fill(paths: readonly string[]): Promise<void> {
  for (let at = 0; at < paths.length; at += 1000) {
    const then = paths
      .slice(at, at + 1000)
      .map((path): PutOp => ({ kind: 'put', key: fileKey(path), value }));
    await fixture.kv.txn({ compare: [], then, else: [] }, options);
  }
}

async function listAll(query: Omit<ListOptions, 'after'>): Promise<ListEntry[]> {
  const entries: ListEntry[] = [];
  let next: string | undefined;
  for (let pages = 0; pages < 1000; pages++) {
    const after = next === undefined ? {} : { after: next };
    const page = await fixture.namespace.list({ ...query, ...after });
    entries.push(...page.entries);
    next = page.next;
    if (next === undefined) return entries;
  }
  return assert.fail('a listing without end');
}

const show = ({ name, kind }: ListEntry): string => (kind === 'folder' ? `${name}/` : name);

test('a file and a folder of one name are both shown, in the order of bytes', async () => {
  await fill(['/o/a', '/o/a-b', '/o/a/x', '/o/a/y', '/o/a0', '/o/\uffee', '/o/\u{1f600}']);
  const expected = ['a', 'a-b', 'a/', 'a0', '\uffee', '\u{1f600}'];
  for (const limit of [1, 2, 3, 4, 5, 6, 7]) {
    const entries = await listAll({ folder: '/o', recursive: false, limit });
    assert.deepEqual(entries.map(show), expected, `limit ${limit}`);
  }
  const all = await fixture.namespace.list({ folder: '/o', recursive: true, limit: 1000 });
  assert.deepEqual(all.entries.map(show), ['a', 'a-b', 'a/x', 'a/y', ...expected.slice(3)]);
  assert.deepEqual(all.entries[0], { name: 'a', kind: 'file', size: 5, modifiedMs: 5 });
});

test('`after` may be any text: nothing at or before it is shown', async () => {
  const names = async (after: string, recursive = false) =>
    (await fixture.namespace.list({ folder: '/o', recursive, limit: 10, after })).entries.map(show);
  assert.deepEqual(await names('a'), ['a-b', 'a/', 'a0', '\uffee', '\u{1f600}']);
  assert.deepEqual(await names('a/'), ['a0', '\uffee', '\u{1f600}']);
  assert.deepEqual(await names('a/x'), ['a0', '\uffee', '\u{1f600}']);
  assert.deepEqual(await names('a/x', true), ['a/y', 'a0', '\uffee', '\u{1f600}']);
  assert.deepEqual(await names('\u{1f601}'), []);
  await assert.rejects(names('\ud800'), (error) => isCode(error, 'invalid_argument'));
});

test('a folder that is not there is not found; the root always is', async () => {
  for (const query of [{}, { after: 'x' }]) {
    await assert.rejects(
      fixture.namespace.list({ folder: '/o/a-b', recursive: true, limit: 10, ...query }),
      (error) => isCode(error, 'path_not_found') && error.path === '/o/a-b',
    );
  }
  const { namespace } = await namesFixture(new MemoryKv(createNodeWorld()));
  const page = await namespace.list({ folder: '/', recursive: false, limit: 10 });
  assert.deepEqual(page.entries, []);
  assert.equal(page.next, undefined);
});

test('one level of huge subtrees costs what it shows', async () => {
  const subtree = (name: string) => Array.from({ length: 5000 }, (_, i) => `/h/${name}/${i}`);
  await fill(['a', 'b', 'c', 'd'].flatMap(subtree));
  reads = [];
  const entries = await listAll({ folder: '/h', recursive: false, limit: 1000 });
  assert.deepEqual(entries.map(show), ['a/', 'b/', 'c/', 'd/']);
  assert.ok(reads.reduce((sum, keys) => sum + keys, 0) < 400, `read ${reads}`);
});

test('a page with very many subtrees ends early, and the next goes on', async () => {
  const paths = Array.from({ length: 300 }, (_, i) => i + 100).flatMap((folder) =>
    Array.from({ length: 40 }, (_, i) => `/s/${folder}/${i}`),
  );
  await fill(paths);
  reads = [];
  const page = await fixture.namespace.list({ folder: '/s', recursive: false, limit: 1000 });
  assert.ok(page.next !== undefined, 'so many at once');
  assert.ok(page.entries.length < 300);
  assert.ok(reads.length <= 1020, `${reads.length} reads`);
  const entries = await listAll({ folder: '/s', recursive: false, limit: 1000 });
  assert.equal(new Set(entries.map(show)).size, 300);
  assert.equal(entries.length, 300);
});

test('20,000 names are listed in pages, each read of bounded size', async () => {
  const names = Array.from({ length: 20_000 }, (_, i) => `${i}`.padStart(5, '0'));
  await fill(names.map((name) => `/big/${name}`));
  reads = [];
  const entries = await listAll({ folder: '/big', recursive: true, limit: 5000 });
  assert.deepEqual(
    entries.map(({ name }) => name),
    names,
  );
  assert.ok(Math.max(...reads) <= 1000);
});

test('pages are read at the revision asked for, or anew when that is compacted', async () => {
  await fill(['/r/a', '/r/b']);
  const query = { folder: '/r', recursive: false } as const;
  const first = await fixture.namespace.list({ ...query, limit: 1 });
  await fill(['/r/c']);
  const { revision } = first;
  const rest = { ...query, limit: 10, after: 'a', revision };
  assert.deepEqual((await fixture.namespace.list(rest)).entries.map(show), ['b']);
  compacted = true;
  const anew = await fixture.namespace.list(rest);
  compacted = false;
  assert.deepEqual(anew.entries.map(show), ['b', 'c']);
  assert.ok(anew.revision > revision);
});

test('a damaged record shows without its size and hides no other', async () => {
  await fill(['/d/a', '/d/c']);
  await put(fixture.kv, fileKey('/d/b'), Buffer.from('{'));
  const { entries } = await fixture.namespace.list({ folder: '/d', recursive: false, limit: 9 });
  assert.deepEqual(entries.map(show), ['a', 'b', 'c']);
  assert.deepEqual(entries[1], { name: 'b', kind: 'file' });
});

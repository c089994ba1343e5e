import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { isCode } from '#base/errors.ts';
import type { BlobId } from '#base/ids.ts';
import type { Kv } from '#kv/kv.ts';
import { drivers } from '../../test/support/kv-drivers.ts';
import { checkNames, type NamesFixture, namesFixture } from '../../test/support/names-fixture.ts';
import type { ListEntry } from './ops/list.ts';

const paths = ['/a', '/a-b', '/a/b', '/a/c', '/a/c/d', '/a0', '/é', '/\uffee', '/\u{1f600}/x'];
const folders = ['/', '/a', '/a/c', '/\u{1f600}', '/none'];

type Verb =
  | { do: 'create'; path: string }
  | { do: 'copy' | 'move'; from: string; to: string }
  | { do: 'remove' | 'lookup'; path: string }
  | { do: 'removeTree'; folder: string }
  | { do: 'list'; folder: string; recursive: boolean; limit: number };

const path = fc.constantFrom(...paths);
const folder = fc.constantFrom(...folders);
const verb: fc.Arbitrary<Verb> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('create' as const), path }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constantFrom('copy', 'move'), from: path, to: path }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('remove', 'lookup'), path }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('removeTree' as const), folder }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('list' as const),
      folder,
      recursive: fc.boolean(),
      limit: fc.constantFrom(1, 2, 3, 1000),
    }),
  },
) as fc.Arbitrary<Verb>;

const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** What the namespace means, without any of its mechanism. */
class Model {
  readonly names = new Map<string, BlobId>();
  readonly named = new Set<BlobId>();

  under(folder: string): string[] {
    const prefix = folder === '/' ? '/' : `${folder}/`;
    return [...this.names.keys()].filter((name) => name.startsWith(prefix)).sort(byBytes);
  }

  list(folder: string, recursive: boolean): string[] {
    const start = folder === '/' ? 1 : folder.length + 1;
    const tokens = this.under(folder)
      .map((name) => name.slice(start))
      .map((name) => {
        const slash = recursive ? -1 : name.indexOf('/');
        return slash < 0 ? name : name.slice(0, slash + 1);
      });
    return [...new Set(tokens)];
  }

  transfer(from: string, to: string, keep: boolean): string {
    const blob = this.names.get(from);
    if (blob === undefined) return 'path_not_found';
    if (this.names.has(to)) return 'path_exists';
    this.names.set(to, blob);
    if (!keep) this.names.delete(from);
    return 'done';
  }
}

const tokenOf = ({ name, kind }: ListEntry): string => (kind === 'folder' ? `${name}/` : name);

async function listAll(
  { namespace }: NamesFixture,
  { folder, recursive, limit }: Verb & { do: 'list' },
): Promise<string[]> {
  const tokens: string[] = [];
  let next: string | undefined;
  for (let pages = 0; pages < 100; pages++) {
    const page = await namespace.list({
      folder,
      recursive,
      limit,
      ...(next === undefined ? {} : { after: next }),
    });
    assert.ok(page.entries.length <= limit);
    tokens.push(...page.entries.map(tokenOf));
    next = page.next;
    if (next === undefined) return tokens;
  }
  return assert.fail('a listing without end');
}

/** Does the verb to both; what it says must be the same. */
async function compare(fixture: NamesFixture, model: Model, verb: Verb): Promise<void> {
  const { namespace } = fixture;
  const told = async (promise: Promise<unknown>): Promise<string> => {
    try {
      await promise;
      return 'done';
    } catch (error) {
      if (isCode(error, 'path_exists', 'path_not_found')) return error.code;
      throw error;
    }
  };
  switch (verb.do) {
    case 'create': {
      const file = fixture.newFile();
      const expected = model.names.has(verb.path) ? 'path_exists' : 'done';
      assert.equal(await told(namespace.create(verb.path, file)), expected);
      if (expected === 'done') model.names.set(verb.path, file.blob);
      if (expected === 'done') model.named.add(file.blob);
      return;
    }
    case 'copy':
    case 'move': {
      const expected = model.transfer(verb.from, verb.to, verb.do === 'copy');
      assert.equal(await told(namespace[verb.do](verb.from, verb.to)), expected);
      return;
    }
    case 'remove': {
      const expected = model.names.delete(verb.path) ? 'done' : 'path_not_found';
      return assert.equal(await told(namespace.remove(verb.path)), expected);
    }
    case 'removeTree': {
      const going = [verb.folder, ...model.under(verb.folder)].filter((p) => model.names.delete(p));
      const removed = await namespace.removeTree(verb.folder).catch((error) => {
        if (isCode(error, 'path_not_found')) return 0;
        throw error;
      });
      return assert.equal(removed, going.length);
    }
    case 'lookup': {
      const found = await namespace.lookup(verb.path);
      return assert.equal(found?.record.blob, model.names.get(verb.path));
    }
    case 'list': {
      const expected = model.list(verb.folder, verb.recursive);
      if (expected.length === 0 && verb.folder !== '/') {
        return assert.equal(await told(listAll(fixture, verb)), 'path_not_found');
      }
      return assert.deepEqual(await listAll(fixture, verb), expected);
    }
  }
}

for (const driver of drivers) {
  describe(`names over the ${driver.name} kv`, () => {
    let kv: Kv;
    let stop: () => Promise<void>;
    before(async () => {
      ({ kv, stop } = await driver.start());
    });
    after(() => stop());

    test('any sequence of verbs means what a map of paths to blobs means', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(verb, { minLength: 10, maxLength: 30 }), async (verbs) => {
          const fixture = await namesFixture(kv);
          const model = new Model();
          for (const verb of verbs) await compare(fixture, model, verb);
          const names = await checkNames(kv, model.named);
          assert.deepEqual(
            new Map([...names].map(([path, { blob }]) => [path, blob])),
            new Map([...model.names].sort(([a], [b]) => byBytes(a, b))),
          );
        }),
        { numRuns: driver.runs },
      );
    });
  });
}

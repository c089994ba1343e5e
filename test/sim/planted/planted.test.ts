import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { test } from 'node:test';
import { plantedBugs } from './bugs.ts';
import { type Found, hunt } from './hunt.ts';
import { editsByFile, withEdits } from './planted-bug.ts';

const root = new URL('../../../', import.meta.url);

test('each planted bug has a place in the code, and a name of its own', () => {
  for (const planted of plantedBugs) {
    const { name, edits } = planted;
    for (const { file, find, replace } of edits) {
      const source = readFileSync(new URL(file, root), 'utf8');
      assert.equal(source.split(find).length, 2, `${name}: ${file} has not once: ${find}`);
      assert.notEqual(find, replace);
    }
    for (const [file, own] of editsByFile(planted)) {
      const text = withEdits(readFileSync(new URL(file, root), 'utf8'), own);
      assert.doesNotThrow(() => stripTypeScriptTypes(text), name);
    }
  }
  assert.equal(new Set(plantedBugs.map(({ name }) => name)).size, plantedBugs.length);
});

/** Those that few seeds find; all are hunted by `npm run sim:planted`. */
const foundSoon = [
  'a write is acknowledged before it is on the disk',
  'a range ends one byte early',
  'compaction throws a segment away with all that lives in it',
  'a put does not ask whether the path is free',
];

for (const name of foundSoon) {
  test(`the simulation finds it when ${name}`, async (context) => {
    const all: Found[] = [];
    const options = { from: 1, seedsMax: 40, untilFound: true };
    for await (const found of hunt(options, name)) all.push(found);
    assert.equal(all.length, 1);
    for (const { seed, kind } of all) {
      context.diagnostic(`${kind}, seed ${seed}`);
      assert.notEqual(seed, undefined, 'it was not found');
    }
  });
}

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { plantedBugs } from './bugs.ts';
import { hunt } from './hunt.ts';

const root = new URL('../../../', import.meta.url);

test('each planted bug has a place in the code, and a name of its own', () => {
  for (const { name, edits } of plantedBugs) {
    for (const { file, find, replace } of edits) {
      const source = readFileSync(new URL(file, root), 'utf8');
      assert.equal(source.split(find).length, 2, `${name}: ${file} has not once: ${find}`);
      assert.notEqual(find, replace);
    }
  }
  assert.equal(new Set(plantedBugs.map(({ name }) => name)).size, plantedBugs.length);
});

test('the simulation finds bugs that are planted', async (context) => {
  for await (const { bug, seed, kind } of hunt({ from: 1, seedsMax: 40, untilFound: true })) {
    context.diagnostic(`${bug.name}: ${kind}, seed ${seed}`);
    assert.notEqual(seed, undefined, `${bug.name} was not found`);
  }
});

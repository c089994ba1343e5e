import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newSeed } from '../../support/seeded-random.ts';
import { Dice } from '../world/dice.ts';
import { withBothEngines } from './both-engines.ts';
import { replay } from './replay.ts';

const steps = 1500;

for (const era of [0, 3]) {
  test(`the simulated engine does what etcd does, era ${era}`, async (context) => {
    const seed = newSeed();
    context.diagnostic(`seed ${seed}`);
    const counts = await withBothEngines(era, (model, real) =>
      replay(model, real, era, new Dice(seed), steps),
    );
    const shown = JSON.stringify([...counts]);
    for (const kind of ['txn', 'range', 'watch', 'grant', 'bind', 'compact', 'revoke']) {
      assert.ok((counts.get(kind) ?? 0) > 0, shown);
    }
    for (const kind of ['txn refused', 'range refused', 'watch ended', 'bind refused']) {
      assert.ok((counts.get(kind) ?? 0) > 0, shown);
    }
  });
}

/** Random harm under load for a while: nothing is lost, nothing wrong. `npm run soak` goes on. */
import { test } from 'node:test';
import { soak } from '../soak/soak.ts';
import { isFullForm } from '../support/full-form.ts';
import { newSeed } from '../support/seeded-random.ts';

const seconds = isFullForm ? 1800 : 180;

test(`a soak of ${seconds} seconds`, async (t) => {
  const say = (line: string) => t.diagnostic(line);
  const { trends: _short, ...counts } = await soak({ seconds, seed: newSeed(), say });
  t.diagnostic(JSON.stringify(counts));
});

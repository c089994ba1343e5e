/** Random harm under load for a while: nothing is lost, nothing wrong. `npm run soak` goes on. */
import { test } from 'node:test';
import { soak } from '../soak/soak.ts';
import { isFullForm } from '../support/full-form.ts';
import { newSeed } from '../support/seeded-random.ts';

const seconds = 180;

const skip = isFullForm ? false : 'takes long: DFTFS_FULL=1 runs it';

test(`a soak of ${seconds} seconds`, { skip }, async (t) => {
  const say = (line: string) => t.diagnostic(line);
  const { trends: _short, ...counts } = await soak({ seconds, seed: newSeed(), say });
  t.diagnostic(JSON.stringify(counts));
});

/** Waiting for a condition, with a bound. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

const patienceMsDefault = 60_000;
const pollMs = 50;

/** Looks again and again until `look` finds something; `lastly` tells how things stood if never. */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined>,
  patienceMs = patienceMsDefault,
  lastly: () => string = () => '',
): Promise<T> {
  const end = performance.now() + patienceMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    assert.ok(performance.now() < end, `not in ${patienceMs} ms: ${what} ${lastly()}`);
    await sleep(pollMs);
  }
}

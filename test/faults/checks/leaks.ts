/** When everything is removed, nothing stays behind on any disk. */
import { httpCall } from '../../support/http-call.ts';
import { viewOf } from '../../support/protection.ts';
import { until } from '../../support/until.ts';
import { type Audited, type Found, nothingFound } from './verdict.ts';

/**
 * The last trace of a blob, and what came to a disk after the first deletion, goes ten minutes
 * after all who held it have confirmed; what uploads left is found by walks that rest in between.
 */
const patienceMs = 20 * 60_000;
const removalMs = 120_000;

interface Rest {
  readonly store: { readonly shards: number };
  readonly garbage?: { readonly queued: number };
}

export async function checkLeaks({ cluster, doors }: Audited): Promise<Found> {
  const target = `${cluster.url}/rm?path=/&recursive=true`;
  const { status, body } = await httpCall('POST', target, { timeoutMs: removalMs });
  if (status !== 200 && status !== 404) {
    return { ...nothingFound, wrong: [`rm /: ${status} ${body}`] };
  }
  let last: unknown;
  const nothing = async () => {
    const rests = await Promise.all(doors.map(async (door) => (await viewOf(door)) as Rest));
    last = rests.map(({ store, garbage }) => [store.shards, garbage?.queued]);
    return (
      rests.every(({ store, garbage }) => store.shards === 0 && garbage?.queued === 0) || undefined
    );
  };
  try {
    await until('nothing is left', nothing, patienceMs, () => JSON.stringify(last));
    return nothingFound;
  } catch (error) {
    return { ...nothingFound, wrong: [`left behind: ${(error as Error).message}`] };
  }
}

/**
 * Of any number of puts on one path, through all nodes, with processes dying meanwhile, exactly one
 * wins.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { seededBytes } from '../support/every-endpoint.ts';
import { isFullForm } from '../support/full-form.ts';
import { httpCall } from '../support/http-call.ts';
import { type LocalCluster, startLocalCluster } from '../support/local-cluster.ts';

const racers = 32;
const rounds = isFullForm ? 200 : 60;
/** One process is away at a time: killed in one of these rounds, started again two later. */
const roundsPerKill = 10;

type Outcome = 'won' | 'lost' | 'unknown';

interface Racer {
  readonly url: string;
  readonly body: Buffer;
}

/** A refused connection never reached anyone; a broken one or a 5xx leaves the outcome open. */
async function race({ url, body }: Racer): Promise<Outcome> {
  try {
    const { status } = await httpCall('PUT', url, { body });
    if (status === 200) return 'won';
    if (status === 409) return 'lost';
    assert.ok(status >= 500, `put answered ${status}`);
    return 'unknown';
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error;
    return (error as NodeJS.ErrnoException).code === 'ECONNREFUSED' ? 'lost' : 'unknown';
  }
}

describe(`${racers} racers on one path, ${rounds} rounds, processes dying`, () => {
  let cluster: LocalCluster;
  const stored = new Map<string, Buffer>();

  before(async () => {
    cluster = await startLocalCluster();
  });
  after(() => cluster.stop());

  async function runRound(round: number): Promise<void> {
    const path = `/race/${round}`;
    const doors = [cluster.url, ...cluster.nodeUrls.values()];
    const all = Array.from({ length: racers }, (_, n) => ({
      url: (doors[n % doors.length] as string) + path,
      body: seededBytes(`${round}/${n}`, n % 4 === 0 ? 300_000 : 2000),
    }));
    const outcomes = await Promise.all(all.map(race));
    const winners = all.filter((_, n) => outcomes[n] === 'won');
    const { status, body } = await httpCall('GET', cluster.url + path);
    assert.equal(status, 200, `after round ${round} the path reads ${status}`);
    assert.ok(winners.length <= 1, `round ${round} has ${winners.length} winners`);
    const able = all.filter((_, n) => outcomes[n] !== 'lost');
    const holders = winners.length === 1 ? winners : able;
    assert.ok(
      holders.some((racer) => racer.body.equals(body)),
      `round ${round}: not the winner's`,
    );
    stored.set(path, body);
  }

  it('has one winner each round, whose bytes stay', async () => {
    let victim = 0;
    for (let round = 0; round < rounds; round++) {
      const running = runRound(round);
      if (round % roundsPerKill === 5) {
        const name = cluster.names[victim++ % cluster.names.length] as string;
        cluster.signal(name, 'SIGKILL');
      }
      await running;
      if (round % roundsPerKill === 7) await cluster.startAgain();
    }
    for (const [path, bytes] of stored) {
      const { body } = await httpCall('GET', cluster.url + path);
      assert.ok(body.equals(bytes), `${path} has changed`);
    }
  });
});

/** Upkeep of a real etcd of three members, while names are being made. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isCode } from '#base/errors.ts';
import { createNodeWorld } from '#io/node/world.ts';
import { EtcdKv } from '#kv/etcd/etcd-kv.ts';
import type { EtcdMaintenance } from '#kv/etcd/maintenance.ts';
import { type Kv, prefixSpan, type Txn } from '#kv/kv.ts';
import { RevisionAges } from '#kv/revision-ages.ts';
import { silentLogger } from '#observe/log.ts';
import { EtcdCluster } from '../../../test/support/etcd-cluster.ts';
import { checkNames, namesFixture } from '../../../test/support/names-fixture.ts';
import { until } from '../../../test/support/until.ts';
import { Claim } from './claim.ts';
import { NamesUpkeep, namesUpkeepDefaults } from './names-upkeep.ts';

const MiB = 1024 * 1024;
const options = { timeoutMs: 5000 };
const world = createNodeWorld();

/** What is put and deleted again leaves the database large, and nearly all of it free. */
async function swell(kv: Kv, bytes: number): Promise<void> {
  const page = 4 * MiB;
  for (let done = 0; done < bytes; done += page) {
    const then = Array.from({ length: page / 4096 }, (_, i) => {
      return { kind: 'put', key: `z/${done + i}`, value: Buffer.alloc(4096) } as const;
    });
    await surely(kv, { compare: [], then, else: [] });
  }
  await surely(kv, { compare: [], then: [{ kind: 'delete', ...prefixSpan('z/') }], else: [] });
}

/** Done twice it is the same; a busy machine may not tell what became of it. */
async function surely(kv: Kv, txn: Txn): Promise<void> {
  const attempt = async () => {
    await kv.txn(txn, options);
    return true;
  };
  await until('it is written', () =>
    attempt().catch((error) => {
      if (!isCode(error, 'outcome_unknown', 'names_unavailable')) throw error;
      return undefined;
    }),
  );
}

/** Notes who is defragmented, and those of the first two that led by their own word. */
function watch(maintenance: EtcdMaintenance) {
  const defragmented: string[] = [];
  const leadersTooSoon: string[] = [];
  // A busy machine may have an election in between: what counts is what the upkeep was told.
  const saidToLead = new Map<string, boolean>();
  const watched = {
    endpoints: maintenance.endpoints,
    status: async (...asked: Parameters<typeof maintenance.status>) => {
      const status = await maintenance.status(...asked);
      saidToLead.set(asked[0], status.memberId === status.leaderId);
      return status;
    },
    alarms: maintenance.alarms.bind(maintenance),
    compact: maintenance.compact.bind(maintenance),
    disarm: maintenance.disarm.bind(maintenance),
    defragment: async (endpoint: string, call: { timeoutMs: number }) => {
      if (saidToLead.get(endpoint) && defragmented.length < 2) leadersTooSoon.push(endpoint);
      defragmented.push(endpoint);
      return await maintenance.defragment(endpoint, call);
    },
  };
  return { watched, defragmented, leadersTooSoon };
}

test('etcd is compacted and defragmented, the leader last, and clients go on', async (t) => {
  const cluster = await EtcdCluster.start(3);
  t.after(() => cluster.stop());
  const kv = EtcdKv.create({ ...world, log: silentLogger }, cluster);
  t.after(() => kv.close());
  const { namespace, newFile } = await namesFixture(kv);
  await swell(kv, 64 * MiB);

  const { maintenance } = cluster;
  const { watched, defragmented, leadersTooSoon } = watch(maintenance);
  const claim = new Claim(
    { kv, ...world },
    { key: 'c/upkeep', holder: 'test', renewMs: 500, staleMs: 5000 },
  );
  const upkeep = new NamesUpkeep(
    {
      maintenance: watched,
      claim,
      clock: world.clock,
      ages: new RevisionAges({ agesMsMax: 1, everyMs: 1 }),
      log: silentLogger,
      isCoordinator: () => true,
    },
    {
      ...namesUpkeepDefaults,
      quotaBytes: 1024 * MiB,
      bytesMin: 8 * MiB,
      lookEveryMs: 0,
      historyMs: 1,
    },
  );
  let made = 0;
  let over = false;
  const clients = Array.from({ length: 4 }, async (_, client) => {
    for (let i = 0; !over; i++, made++) await namespace.create(`/${client}/${i}`, newFile());
  });
  const keepUp = async () => {
    // What is compacted is free a moment later.
    for (let i = 0; defragmented.length < 3 && i < 600; i++) {
      await upkeep.step();
      await world.timers.sleep(50);
    }
    over = true;
  };
  await Promise.all([keepUp(), ...clients]);
  assert.deepEqual([...defragmented].sort(), [...cluster.endpoints].sort());
  assert.deepEqual(leadersTooSoon, []);
  for (const endpoint of cluster.endpoints) {
    const { dbBytes } = await maintenance.status(endpoint, options);
    assert.ok(dbBytes < 32 * MiB, `${endpoint} still has ${dbBytes} bytes`);
  }
  assert.equal((await checkNames(kv)).size, made);
});

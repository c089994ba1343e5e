import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeId, type VolumeId } from '#base/ids.ts';
import { MetricRegister } from '#observe/metric-register.ts';
import { countedIn } from '../../test/support/counted.ts';
import { knownFacts, volumeOf } from '../../test/support/known-facts.ts';
import { NodeGauges, type Watched } from './node-gauges.ts';

const ids = ['n1', 'n2', 'n3', 'n4', 'n5'].map(nodeId);
const [n1, , , n4, n5] = ids;
const volume = '00000000000000aa' as VolumeId;
const endpoint = 'http://127.0.0.1:1';

/** n4 is suspected and n5 gone; n2 lacks what is being made anew. */
function watched(): Watched {
  const record = volumeOf(volume, { k: 2, m: 2 }, ['n1', 'n2', 'n3', 'n4'], { rebuilding: [1] });
  const live = ids.filter((id) => id !== n4 && id !== n5);
  const cluster = {
    nodes: () => ids.map((id) => ({ id, draining: id === n1 })),
    volumes: () => [record],
    live: () => live,
    isLive: (id: string) => live.some((one) => one === id),
    sessionOf: (id: string) => (id === n5 ? undefined : 7),
  };
  const facts = new Map([
    [nodeId('n1'), knownFacts({ volumes: [[volume, 100]], duties: { repair: { bytesDone: 70 } } })],
    [nodeId('n2'), knownFacts({ volumes: [[volume, 40]] })],
  ]);
  const stats = {
    ...{ shards: 3, liveBytes: 300, segmentBytes: 500, deadBytes: 200, damaged: 1 },
    ...{ freeBytes: 1e9, totalBytes: 2e9, full: false, fenced: 'a sync failed', slowestMs: 1500 },
    ...{ corrupt: 2, failedReads: 1 },
  };
  const parts = {
    cluster,
    session: { node: n1 },
    kv: {
      members: () => [{ endpoint, healthy: true }],
      range: async () => ({ entries: [1, 2, 3], more: false }),
    },
    store: { stats: async () => stats },
    facts: { read: async () => facts },
    maintenance: {
      status: async () => ({ memberId: '1', leaderId: '1', dbBytes: 900, dbBytesInUse: 400 }),
    },
    namesUpkeep: { isFull: true },
    combiner: () => n1,
    isReady: () => true,
  };
  return parts as unknown as Watched;
}

async function shown(parts: Watched): Promise<Record<string, number>> {
  const register = new MetricRegister();
  new NodeGauges(register).watch(parts);
  return await countedIn(register);
}

test('a scrape shows the cluster, the disk and etcd as they are', async () => {
  const found = await shown(watched());
  const expected = {
    ...{ dftfs_node_ready: 1, dftfs_names_is_combiner: 1, dftfs_names_full: 1 },
    ...{ 'dftfs_nodes live': 3, 'dftfs_nodes suspected': 1, 'dftfs_nodes away': 1 },
    ...{ dftfs_nodes_draining: 1, 'dftfs_volumes 0': 1, 'dftfs_volumes 2': 0 },
    ...{ dftfs_protection_wanted_losses: 1, dftfs_protection_under_protected_bytes: 200 },
    ...{ dftfs_protection_without_margin_bytes: 200, dftfs_protection_unreadable_bytes: 0 },
    ...{ dftfs_repair_left_bytes: 60, dftfs_repair_left_slots: 1, dftfs_moving_left_bytes: 0 },
    ...{ dftfs_repair_done_bytes_total: 70, dftfs_garbage_queued_blobs: 3 },
    ...{ dftfs_store_shards: 3, dftfs_store_live_bytes: 300, dftfs_store_dead_bytes: 200 },
    ...{ dftfs_store_disk_free_bytes: 1e9, dftfs_store_fenced: 1, dftfs_store_full: 0 },
    ...{ dftfs_store_slowest_operation_seconds: 1.5, dftfs_store_damaged_shards: 1 },
    ...{ dftfs_store_corrupt_records_total: 2, dftfs_store_failed_reads_total: 1 },
    [`dftfs_etcd_member_healthy ${endpoint}`]: 1,
    [`dftfs_etcd_member_is_leader ${endpoint}`]: 1,
    [`dftfs_etcd_db_bytes ${endpoint}`]: 900,
  };
  for (const [name, value] of Object.entries(expected)) assert.equal(found[name], value, name);
});

test('what nobody says is not shown as if it were known', async () => {
  const silent = async () => {
    throw new Error('for the test');
  };
  const parts = watched();
  const found = await shown({
    ...parts,
    kv: { ...parts.kv, members: () => [{ endpoint, healthy: true }], range: silent },
    maintenance: { status: silent },
  });
  assert.equal(found.dftfs_garbage_queued_blobs, undefined);
  assert.equal(found[`dftfs_etcd_db_bytes ${endpoint}`], undefined);
  assert.equal(found[`dftfs_etcd_member_healthy ${endpoint}`], 0);
});

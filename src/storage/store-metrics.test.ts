import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MetricRegister } from '#observe/metric-register.ts';
import { countedIn } from '../../test/support/counted.ts';
import { Bench, put } from '../../test/support/shard-bench.ts';
import { openShardStore } from './open-shard-store.ts';
import { recordBytes } from './shard-record.ts';
import { StoreMetrics } from './store-metrics.ts';

test('durable writes are counted, with what went together, and those that failed', async () => {
  const register = new MetricRegister();
  const metrics = new StoreMetrics(register);
  const bench = new Bench();
  const store = await bench.open({}, undefined, (deps, options) =>
    openShardStore({ ...deps, metrics }, options),
  );
  await Promise.all([1, 2, 3].map((number) => put(store, number, 100)));
  await put(store, 4, 100);
  const counted = await countedIn(register);
  assert.equal(counted.dftfs_store_flush_records_count, 2);
  assert.equal(counted.dftfs_store_flush_records_sum, 4);
  assert.equal(counted.dftfs_store_flush_duration_seconds_count, 2);
  assert.equal(counted.dftfs_store_appended_bytes_total, 4 * recordBytes(100));
  bench.disk.writeFailures.push('EIO');
  await assert.rejects(put(store, 5, 100));
  assert.equal((await countedIn(register)).dftfs_store_flush_failures_total, 1);
  await store.close();
});

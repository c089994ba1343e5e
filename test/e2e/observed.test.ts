/**
 * A cluster that is watched in every way there is: a request can be followed through all nodes by
 * its id and by its trace, the change is in the audit log, and what was done is counted.
 */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { logPath, processFolder } from '#app/local/manifest.ts';
import { allLive } from '../support/cluster-state.ts';
import { type CollectorStub, startCollectorStub } from '../support/collector-stub.ts';
import { type HttpAnswer, httpCall } from '../support/http-call.ts';
import { type LocalCluster, withLocalCluster } from '../support/local-cluster.ts';
import { type ParsedFamily, parsePrometheus } from '../support/prometheus-text.ts';
import { until } from '../support/until.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;
const file = '/watched/file';

const urlOf = ({ nodeUrls }: LocalCluster, name: string): string => nodeUrls.get(name) ?? '';

function nodesWhoseLog({ data, nodeUrls }: LocalCluster, says: string): Promise<string[]> {
  const lookInto = async (name: string) => {
    const log = await readFile(logPath(data, name), 'utf8');
    return log.split('\n').some((line) => line.includes(says)) ? [name] : [];
  };
  return Promise.all([...nodeUrls.keys()].map(lookInto)).then((names) => names.flat());
}

/** The member that took the request, and others with a part in it: at least two more. */
async function assertFollowed(cluster: LocalCluster, answer: HttpAnswer): Promise<void> {
  const id = answer.headers['x-request-id'];
  const nodes = await until('the request in the logs', async () => {
    const found = await nodesWhoseLog(cluster, `"request":"${id}"`);
    return found.length >= 3 ? found : undefined;
  });
  assert.ok(nodes.includes('node-1'));
}

async function assertTraced({ spans }: CollectorStub): Promise<void> {
  const mine = () => spans.filter((span) => span.traceId === traceId);
  const isServed = (name: string) => mine().some((span) => span.name === name && span.kind === 2);
  await until('the spans of the request', async () => {
    return (isServed('request') && isServed('shard.write')) || undefined;
  });
  const names = new Set(mine().map(({ name }) => name));
  assert.ok(
    ['request', 'names.write', 'shard.write'].every((name) => names.has(name)),
    [...names].join(),
  );
  const ids = new Set(mine().map(({ spanId }) => spanId));
  assert.equal(ids.size, mine().length);
  const root = mine().find(({ name }) => name === 'request');
  assert.equal(root?.parentSpanId, '00f067aa0ba902b7');
  assert.equal(root?.resource['service.instance.id'], 'node-1');
  const elsewhere = mine().filter(({ name, kind }) => name === 'shard.write' && kind === 2);
  assert.ok(elsewhere.every(({ parentSpanId }) => parentSpanId && ids.has(parentSpanId)));
  assert.ok(elsewhere.every(({ resource }) => resource['service.instance.id'] !== 'node-1'));
}

async function assertAudited({ data }: LocalCluster, answer: HttpAnswer): Promise<void> {
  const folder = path.join(processFolder(data, 'node-1'), 'audit');
  const line = await until('the line of the change', async () => {
    const names = await readdir(folder).catch(() => []);
    const texts = await Promise.all(names.map((name) => readFile(path.join(folder, name), 'utf8')));
    return texts.join('').split('\n')[0] || undefined;
  });
  const { time, ...said } = JSON.parse(line) as Record<string, unknown>;
  assert.ok(Date.parse(String(time)) > 0);
  assert.deepEqual(said, {
    request: answer.headers['x-request-id'],
    who: { address: '127.0.0.1' },
    operation: 'put',
    path: file,
    etag: answer.headers.etag,
    outcome: 'done',
  });
}

const scrape = async (url: string): Promise<Map<string, ParsedFamily>> =>
  parsePrometheus((await httpCall('GET', `${url}/-/metrics`)).body.toString());

function sum(families: Map<string, ParsedFamily>, name: string, label = ''): number {
  const family = [...families.values()].find((one) => name.startsWith(one.name));
  const samples = family?.samples.filter((sample) => {
    return sample.name === name && JSON.stringify(sample.labels).includes(label);
  });
  return samples?.reduce((total, { value }) => total + value, 0) ?? 0;
}

async function assertCounted(cluster: LocalCluster): Promise<void> {
  const nodes = await Promise.all([...cluster.nodeUrls.values()].map(scrape));
  for (const families of nodes) {
    assert.equal(sum(families, 'dftfs_nodes', 'live'), cluster.nodeUrls.size);
    assert.equal(sum(families, 'dftfs_node_ready'), 1);
    assert.equal(sum(families, 'dftfs_etcd_member_healthy'), cluster.etcdUrls.size);
    assert.equal(sum(families, 'dftfs_etcd_member_is_leader'), 1);
    assert.ok(sum(families, 'dftfs_etcd_db_bytes') > 0);
    assert.ok(sum(families, 'dftfs_etcd_call_duration_seconds_count') > 0);
    assert.ok(sum(families, 'dftfs_store_disk_free_bytes') > 0);
    assert.ok(sum(families, 'dftfs_event_loop_delay_seconds_count') > 0);
    assert.ok(sum(families, 'dftfs_rpc_calls_total', 'node-2') > 0);
    assert.ok(sum(families, 'process_resident_memory_bytes') > 1e6);
  }
  const all = (name: string, label?: string) =>
    nodes.reduce((total, families) => total + sum(families, name, label), 0);
  assert.equal(all('dftfs_http_received_bytes_total', 'put'), size);
  assert.equal(all('dftfs_http_sent_bytes_total', '"get"'), size);
  assert.ok(all('dftfs_store_flush_records_count') > 0);
  assert.ok(all('dftfs_store_appended_bytes_total') > size);
  assert.ok(all('dftfs_read_fetches_total') > 0);
  assert.ok(all('dftfs_names_operations_total', 'write') > 0);
  assert.ok(all('dftfs_volumes') > 0);
}

/** It serves on for a while, and says that it won't for long. */
async function assertLeavesInGoodTime(cluster: LocalCluster, name: string): Promise<void> {
  const url = urlOf(cluster, name);
  cluster.signal(name, 'SIGTERM');
  await until(`${name} is not ready`, async () => {
    const { status, body } = await httpCall('GET', `${url}/-/ready`);
    if (status !== 503) return undefined;
    assert.match(body.toString(), /is stopping/);
    return true;
  });
  assert.equal((await httpCall('GET', `${url}/-/health`)).status, 200);
  assert.equal((await httpCall('GET', url + file)).body.length, size);
}

const size = 300_000;

test('a request can be followed through all nodes', async (t) => {
  const collector = await startCollectorStub();
  t.after(() => collector.close());
  const environment = {
    DFTFS_TRACE_ENDPOINT: collector.endpoint,
    DFTFS_TRACE_SAMPLE_PERCENT: '0',
    DFTFS_AUDIT_LOG: 'true',
    DFTFS_LOG_LEVEL: 'debug',
    DFTFS_STOP_DELAY_MS: '600000',
  };
  await withLocalCluster(
    async (cluster) => {
      await allLive(cluster);
      const body = Buffer.alloc(size, 'watched');
      const headers = { traceparent };
      const put = await httpCall('PUT', urlOf(cluster, 'node-1') + file, { body, headers });
      assert.equal(put.status, 200);
      const got = await httpCall('GET', urlOf(cluster, 'node-3') + file);
      assert.deepEqual(got.body, body);
      await assertFollowed(cluster, put);
      await assertTraced(collector);
      await assertAudited(cluster, put);
      await assertCounted(cluster);
      assert.ok(
        collector.spans.every((span) => span.traceId === traceId),
        'of nobody else',
      );
      await assertLeavesInGoodTime(cluster, 'node-4');
    },
    { nodes: 4, etcd: 3, environment },
  );
});

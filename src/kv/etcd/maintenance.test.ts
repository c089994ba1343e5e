import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { isCode } from '#base/errors.ts';
import { createNodeWorld } from '#io/node/world.ts';
import { silentLogger } from '#observe/log.ts';
import { EtcdCluster } from '../../../test/support/etcd-cluster.ts';
import { type NestedTxn, prefixSpan, type Txn } from '../kv.ts';
import { EtcdKv } from './etcd-kv.ts';

const options = { timeoutMs: 5000 };
const valueBytes = 100_000;

describe('EtcdMaintenance', () => {
  let cluster: EtcdCluster;
  let kv: EtcdKv;
  let endpoint: string;
  before(async () => {
    cluster = await EtcdCluster.start(1, { flags: [`--quota-backend-bytes=${2 ** 22}`] });
    endpoint = cluster.endpoints[0] as string;
    kv = EtcdKv.create({ ...createNodeWorld(), log: silentLogger }, cluster);
  });
  after(async () => {
    await kv.close();
    await cluster.stop();
  });

  const put = (key: string): Txn => ({
    compare: [],
    then: [{ kind: 'put', key, value: Buffer.alloc(valueBytes) }],
    else: [],
  });

  it('tells how a member is', async () => {
    const status = await cluster.maintenance.status(endpoint, options);
    assert.equal(status.memberId, status.leaderId);
    assert.match(status.version, /^3\./);
    assert.ok(status.dbBytes > 0 && status.raftTerm > 0);
    assert.deepEqual(await cluster.maintenance.alarms(endpoint, options), []);
  });

  const isFull = (error: unknown) => isCode(error, 'names_full') && error.outcome === 'maybe';
  const nested = (txn: Txn): NestedTxn => ({ kind: 'txn', ...txn });

  it('refuses at the space alarm what puts, however deep, but what frees space', async () => {
    const { maintenance } = cluster;
    const lease = await kv.grantLease(60_000, options);
    let full: unknown;
    for (let i = 0; i < 200 && full === undefined; i++)
      full = await kv.txn(put(`full/${i}`), options).then(
        () => undefined,
        (error: unknown) => error,
      );
    assert.ok(isFull(full), String(full));
    const { memberId } = await maintenance.status(endpoint, options);
    const alarms = await maintenance.alarms(endpoint, options);
    assert.deepEqual(alarms, [{ memberId, alarm: 'nospace' }]);

    assert.equal((await kv.get('full/0', options))?.value.length, valueBytes);
    const batch: Txn = { compare: [], then: [nested(put('a')), nested(put('b'))], else: [] };
    const absent = { start: 'a', field: 'version', relation: '=', value: 0 } as const;
    const guarded: Txn = { compare: [absent], then: [nested(put('a'))], else: [] };
    for (const txn of [put('a'), batch, guarded]) {
      await assert.rejects(kv.txn(txn, options), isFull);
      assert.equal(await kv.get('a', options), undefined);
    }
    await assert.rejects(kv.grantLease(5000, options), isFull);
    assert.equal(await kv.keepLeaseAlive(lease, options), true);
    const remove = { kind: 'delete', start: 'full/0' } as const;
    const mark = { kind: 'put', key: 'mark', value: Buffer.from('1') } as const;
    const freeing: Txn = { compare: [absent], then: [remove, mark], else: [] };
    const { succeeded, results, revision } = await kv.txn(freeing, { ...options, frees: true });
    assert.deepEqual(
      [succeeded, results],
      [true, [{ kind: 'delete', deleted: 1 }, { kind: 'put' }]],
    );
    assert.equal((await kv.get('mark', options))?.modRevision, revision);
    const onlyDeletes: Txn = { compare: [], then: [{ ...remove, start: 'full/1' }], else: [] };
    assert.equal((await kv.txn(onlyDeletes, options)).succeeded, true);
  });

  it('gets writes going again after etcd ran full', async () => {
    const { maintenance } = cluster;
    const alarms = await maintenance.alarms(endpoint, options);
    const remove = { kind: 'delete', ...prefixSpan('full/') } as const;
    const { revision } = await kv.txn({ compare: [], then: [remove], else: [] }, options);
    await maintenance.compact(endpoint, revision, options);
    const before = await maintenance.status(endpoint, options);
    await maintenance.defragment(endpoint, options);
    const { dbBytes } = await maintenance.status(endpoint, options);
    assert.ok(dbBytes < before.dbBytes, `${dbBytes} < ${before.dbBytes}`);
    for (const alarm of alarms) await maintenance.disarm(endpoint, alarm, options);
    await kv.txn(put('full/again'), options);
  });
});

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { isCode } from '#base/errors.ts';
import { createNodeWorld } from '#io/node/world.ts';
import { silentLogger } from '#observe/log.ts';
import { EtcdCluster } from '../../../test/support/etcd-cluster.ts';
import { revisionBase } from '../eras.ts';
import { kvContract } from '../kv.contract.ts';
import { EtcdKv } from './etcd-kv.ts';

for (const era of [0, 2]) {
  describe(`EtcdKv on one member, era ${era}`, () => {
    let cluster: EtcdCluster;
    before(async () => {
      cluster = await EtcdCluster.start(1);
    });
    after(() => cluster.stop());

    kvContract('EtcdKv', async () => {
      const { endpoints, maintenance } = cluster;
      const deps = { ...createNodeWorld(), log: silentLogger };
      const kv = EtcdKv.create(deps, { endpoints, era });
      const compact = (revision: number) =>
        maintenance.compact(endpoints[0] as string, revision - revisionBase(era), {
          timeoutMs: 5000,
        });
      const pass = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
      return { kv, close: () => kv.close(), compact, pass };
    });

    it('has nothing to read of a former era', async () => {
      const deps = { ...createNodeWorld(), log: silentLogger };
      const kv = EtcdKv.create(deps, { endpoints: cluster.endpoints, era: era + 1 });
      const former = { kind: 'range', start: 'a', revision: revisionBase(era) + 2 } as const;
      const gone = (error: unknown) => isCode(error, 'names_unavailable');
      await assert.rejects(kv.range(former, { timeoutMs: 5000 }), gone);
      const txn = { compare: [], then: [former], else: [] };
      await assert.rejects(kv.txn(txn, { timeoutMs: 5000 }), gone);
      await kv.close();
    });
  });
}

describe('EtcdKv on one member', () => {
  let cluster: EtcdCluster;
  before(async () => {
    cluster = await EtcdCluster.start(1);
  });
  after(() => cluster.stop());

  it('leaves nothing open that would keep a process from ending', async () => {
    const [living] = cluster.endpoints;
    const program = `
      import { createNodeWorld } from '#io/node/world.ts';
      import { EtcdKv } from '#kv/etcd/etcd-kv.ts';
      import { silentLogger } from '#observe/log.ts';
      const endpoints = ['http://127.0.0.1:1', '${living}'];
      const kv = EtcdKv.create({ ...createNodeWorld(), log: silentLogger }, { endpoints });
      kv.watch({ start: 'a', end: 'b' }, 0, { onEvents() {}, onEnd() {} });
      const lease = await kv.grantLease(5000, { timeoutMs: 5000 });
      if (!(await kv.keepLeaseAlive(lease, { timeoutMs: 5000 }))) throw new Error('no lease');
      const open = kv.get('a', { timeoutMs: 5000 }).catch((error) => error.code);
      await kv.close();
      process.stdout.write(String(await open));
    `;
    const run = promisify(execFile);
    const args = ['--input-type=module-typescript', '--eval', program];
    const { stdout, stderr } = await run(process.execPath, args, { timeout: 20_000 });
    assert.deepEqual([stdout, stderr], ['names_unavailable', '']);
  });
});

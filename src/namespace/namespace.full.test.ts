/** Names while the engine has no space left: nothing new, but reads and removals go on. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type DftfsError, isCode } from '#base/errors.ts';
import type { BlobId } from '#base/ids.ts';
import { createNodeWorld } from '#io/node/world.ts';
import { EtcdKv } from '#kv/etcd/etcd-kv.ts';
import { FaultyKv, noSpaceLeft } from '#kv/memory/faulty-kv.ts';
import { MemoryKv } from '#kv/memory/memory-kv.ts';
import { silentLogger } from '#observe/log.ts';
import { EtcdCluster } from '../../test/support/etcd-cluster.ts';
import {
  checkNames,
  type NamesFixture,
  namesFixture,
  options,
  put,
  ways,
} from '../../test/support/names-fixture.ts';

const isFull = (error: unknown): error is DftfsError => isCode(error, 'names_full');

/** /a and /copy share a blob; three files lie under /tree. */
async function someNames({ namespace, newFile }: NamesFixture): Promise<BlobId[]> {
  const blobs: BlobId[] = [];
  for (const path of ['/a', '/tree/1', '/tree/2', '/tree/3']) {
    blobs.push((await namespace.create(path, newFile())).entry.record.blob);
  }
  await namespace.copy('/a', '/copy');
  return blobs;
}

async function refusesWrites({ namespace, newFile }: NamesFixture): Promise<void> {
  await assert.rejects(namespace.create('/new', newFile()), isFull);
  await assert.rejects(namespace.copy('/a', '/new'), isFull);
  await assert.rejects(namespace.move('/a', '/new'), isFull);
  assert.equal(await namespace.lookup('/new'), undefined);
}

async function readsAndRemoves({ kv, namespace }: NamesFixture, blobs: BlobId[]): Promise<void> {
  assert.equal((await namespace.lookup('/a'))?.path, '/a');
  await namespace.remove('/a', { idempotencyKey: 'k' });
  await namespace.remove('/a', { idempotencyKey: 'k' });
  await assert.rejects(namespace.remove('/a'), (error) => isCode(error, 'path_not_found'));
  assert.deepEqual([...(await checkNames(kv, blobs)).keys()].length, 4);
  assert.equal(await namespace.removeTree('/tree'), 3);
  await namespace.remove('/copy');
  assert.equal((await checkNames(kv, blobs)).size, 0);
}

for (const [way, commit] of Object.entries(ways)) {
  describe(`a full kv, ${way}`, () => {
    const fixtureOver = async () => {
      const world = createNodeWorld();
      const faulty = new FaultyKv({ kv: new MemoryKv(world), timers: world.timers });
      const fixture = await namesFixture(faulty, undefined, commit);
      return { faulty, fixture, blobs: await someNames(fixture) };
    };

    test('refuses what is new; reads and removals go on, and forget no blob', async () => {
      const { faulty, fixture, blobs } = await fixtureOver();
      faulty.intercept = (call) => noSpaceLeft(call);
      await refusesWrites(fixture);
      await readsAndRemoves(fixture, blobs);
      faulty.intercept = () => undefined;
      await fixture.namespace.create('/new', fixture.newFile());
    });

    test('leaves open what it says of a write that it may yet have applied', async () => {
      const { faulty, fixture } = await fixtureOver();
      faulty.intercept = (call) => noSpaceLeft(call, 'apply-and-fail');
      const file = fixture.newFile({ idempotencyKey: 'k' });
      await assert.rejects(
        fixture.namespace.create('/new', file),
        (error) => isFull(error) && error.outcome === 'maybe',
      );
      faulty.intercept = () => undefined;
      const again = await fixture.namespace.create('/new', file);
      assert.equal(again.entry.record.blob, file.blob);
      await checkNames(fixture.kv, [file.blob]);
    });

    test('tells what became of a removal whose replies are lost', async () => {
      const { faulty, fixture, blobs } = await fixtureOver();
      let lost = 0;
      faulty.intercept = (call) => {
        const full = noSpaceLeft(call);
        if (full !== undefined || call.method !== 'txn' || !call.writes || lost++ > 0) return full;
        return { kind: 'lose-reply' };
      };
      await fixture.namespace.remove('/tree/1');
      assert.ok(lost > 1, 'it was sent again');
      assert.equal((await checkNames(fixture.kv, blobs)).size, 4);
    });
  });
}

describe('a full etcd', () => {
  for (const [way, commit] of Object.entries(ways)) {
    test(`refuses what is new; reads and removals go on, ${way}`, async (t) => {
      const flags = [`--quota-backend-bytes=${2 ** 22}`];
      const cluster = await EtcdCluster.start(1, { flags });
      t.after(() => cluster.stop());
      const kv = EtcdKv.create({ ...createNodeWorld(), log: silentLogger }, cluster);
      t.after(() => kv.close());
      const fixture = await namesFixture(kv, undefined, commit);
      const blobs = await someNames(fixture);
      const fill = async () => {
        for (let i = 0; i < 500; i++) await put(kv, `z/${i}`, Buffer.alloc(100_000));
      };
      await assert.rejects(fill(), isFull);
      await refusesWrites(fixture);
      const { namespace, newFile } = fixture;
      const many = Array.from({ length: 20 }, (_, i) => namespace.create(`/many/${i}`, newFile()));
      const outcomes = await Promise.allSettled(many);
      assert.ok(outcomes.every((one) => one.status === 'rejected' && isFull(one.reason)));
      await readsAndRemoves(fixture, blobs);
      assert.equal((await kv.get('z/0', options))?.version, 1);
    });
  }
});

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { isCode } from '#base/errors.ts';
import { createNodeWorld } from '#io/node/world.ts';
import { silentLogger } from '#observe/log.ts';
import { EtcdCluster } from '../../../test/support/etcd-cluster.ts';
import type { Txn } from '../kv.ts';
import { EtcdKv } from './etcd-kv.ts';
import { type Member, Members } from './members.ts';

const options = { timeoutMs: 10_000 };
const world = createNodeWorld();
const count = 3;
/** Of one attempt: where members are stopped each costs so much, elsewhere none may run out. */
const shortMs = 1000;
const longMs = 10_000;

/** A kv whose first choice is the given member, the others following in order. */
function leaningOn(cluster: EtcdCluster, index: number, perAttemptTimeoutMs: number): EtcdKv {
  const { endpoints } = cluster;
  const ordered = endpoints.map((_, i) => endpoints[(index + i) % count] as string);
  const random = { bytes: world.random.bytes, float: () => 0 };
  return EtcdKv.create(
    { ...world, random, log: silentLogger },
    { endpoints: ordered, perAttemptTimeoutMs, probeIntervalMs: 200 },
  );
}

const put = (key: string): Txn => ({
  compare: [],
  then: [{ kind: 'put', key, value: Buffer.from('value') }],
  else: [],
});

/** Sees to it that the key is written, as callers do: an unknown outcome is looked up. */
async function putSurely(kv: EtcdKv, key: string): Promise<void> {
  for (let tries = 0; tries < 20; tries++) {
    try {
      await kv.txn(put(key), options);
      return;
    } catch (error) {
      assert.ok(isCode(error, 'outcome_unknown', 'names_unavailable'), String(error));
    }
    if ((await kv.get(key, options)) !== undefined) return;
  }
  assert.fail('never written');
}

async function until(what: string, condition: () => boolean): Promise<void> {
  for (let waited = 0; !condition(); waited += 20) {
    assert.ok(waited < 10_000, `in vain: ${what}`);
    await world.timers.sleep(20);
  }
}

describe('EtcdKv when members fail', () => {
  let cluster: EtcdCluster;
  let kv: EtcdKv;
  const leanOn = (index: number, perAttemptTimeoutMs = shortMs) => {
    kv = leaningOn(cluster, index, perAttemptTimeoutMs);
  };
  /** Written with patience, and read by the kv, which has a connection then. Its revision. */
  const written = async (key: string): Promise<number> => {
    const patient = leaningOn(cluster, 0, longMs);
    try {
      const { revision } = await patient.txn(put(key), options);
      assert.equal((await kv.get(key, options))?.version, 1);
      return revision;
    } finally {
      await patient.close();
    }
  };

  before(async () => {
    cluster = await EtcdCluster.start(count);
  });
  after(() => cluster.stop());
  afterEach(async () => {
    await kv.close();
    for (let i = 0; i < count; i++) {
      cluster.resume(i);
      cluster.restart(i);
    }
    await cluster.ready();
  });

  const follower = async () => ((await cluster.leader()) + 1) % count;

  it('goes on with another member when the one in use is killed', async () => {
    const index = await follower();
    leanOn(index);
    await written('killed/1');
    await cluster.kill(index);
    // The connection is known to be gone, or refused: not even a write is left in doubt for long.
    await putSurely(kv, 'killed/2');
    assert.equal((await kv.get('killed/1', options))?.version, 1);
    assert.equal(kv.members()[0]?.healthy, false);
    cluster.restart(index);
    await until('the member is used again', () => kv.members()[0]?.healthy === true);
  });

  it('sends a write elsewhere when the member refuses the connection', async () => {
    const index = await follower();
    await cluster.kill(index);
    leanOn(index, longMs);
    await kv.txn(put('refused/1'), options);
    assert.equal((await kv.get('refused/1', options))?.version, 1);
  });

  it('leaves a stopped member: reads and leases go on, a write is unknown', async () => {
    const index = await follower();
    leanOn(index);
    await written('stopped/1');
    const lease = await kv.grantLease(60_000, options);
    cluster.pause(index);
    const [write, read, alive] = await Promise.allSettled([
      kv.txn(put('stopped/2'), options),
      kv.get('stopped/1', options),
      kv.keepLeaseAlive(lease, options),
    ]);
    assert.equal(write.status, 'rejected');
    const unknown = write.status === 'rejected' && isCode(write.reason, 'outcome_unknown');
    assert.ok(unknown);
    assert.equal(read.status === 'fulfilled' && read.value?.version, 1);
    assert.equal(alive.status === 'fulfilled' && alive.value, true);
    await putSurely(kv, 'stopped/3');
    assert.equal(kv.members()[0]?.healthy, false);
  });

  it('ends the watches on a stopped member, and begins new ones elsewhere', async () => {
    const index = await follower();
    leanOn(index);
    const revision = await written('watched/1');
    const ends: string[] = [];
    const keys: string[] = [];
    const watch = () =>
      kv.watch({ start: 'watched/', end: 'watched0' }, revision, {
        onEvents: (events) => keys.push(...events.map(({ entry }) => entry.key)),
        onEnd: (reason) => ends.push(reason),
      });
    watch();
    await until('an event', () => keys.length === 1);
    cluster.pause(index);
    await until('the end of the watch', () => ends.length === 1);
    watch();
    await until('an event of the new watch', () => keys.length === 2);
    await putSurely(kv, 'watched/2');
    await until('a new event', () => keys.includes('watched/2'));
    assert.equal(ends.length, 1);
  });

  it('finds the leader for those who ask for it, and does without while it fails', async () => {
    const leader = cluster.endpoints[await cluster.leader()] as string;
    leanOn(await follower());
    const members = new Members(
      { ...world, log: silentLogger },
      { endpoints: cluster.endpoints, probeTimeoutMs: 1000, probeIntervalMs: 200 },
    );
    try {
      const asked = () => members.pick(new Set(), true);
      await until('the leader is known', () => asked()?.endpoint === leader);
      const found = asked() as Member;
      assert.notEqual(members.pick(new Set([found]), true), found);
      members.failed(found, 'it is a test');
      assert.notEqual(asked(), found);
      await until('the leader is trusted again', () => asked() === found);
    } finally {
      members.close();
    }
  });

  it('goes on when the leader it asks is stopped', async () => {
    const leader = await cluster.leader();
    leanOn((leader + 1) % count);
    const asLeader = { ...options, viaLeader: true };
    await written('via/1');
    assert.equal((await kv.get('via/1', asLeader))?.version, 1);
    cluster.pause(leader);
    const read: Txn = { compare: [], then: [{ kind: 'range', start: 'via/1' }], else: [] };
    const { results } = await kv.txn(read, asLeader);
    assert.equal(results[0]?.kind === 'range' && results[0].entries.length, 1);
  });

  it('goes on when the leader is killed', async () => {
    const leader = await cluster.leader();
    leanOn((leader + 1) % count);
    await written('leader/1');
    await cluster.kill(leader);
    assert.equal((await kv.get('leader/1', options))?.version, 1);
    await putSurely(kv, 'leader/2');
  });

  it('goes on when the leader is stopped', async () => {
    const leader = await cluster.leader();
    leanOn(leader);
    await written('leader/3');
    cluster.pause(leader);
    assert.equal((await kv.get('leader/3', options))?.version, 1);
    await putSurely(kv, 'leader/4');
  });

  it('fails within the deadline when the majority is lost, and recovers', async () => {
    leanOn(0);
    await written('majority/1');
    const survivor = await follower();
    const lost = [0, 1, 2].filter((index) => index !== survivor);
    for (const index of lost) await cluster.kill(index);
    const short = { timeoutMs: 1500 };
    const missing = lost.map((index) => cluster.endpoints[index] as string).sort();
    await assert.rejects(kv.get('majority/1', short), (error) => {
      assert.ok(isCode(error, 'names_unavailable'));
      assert.ok(
        error.message.includes(`2 of the 3 etcd members don't answer: ${missing.join(', ')}`),
      );
      return true;
    });
    const write = kv.txn(put('majority/2'), short);
    await assert.rejects(write, (error) => isCode(error, 'outcome_unknown', 'names_unavailable'));
    for (const index of lost) cluster.restart(index);
    assert.equal((await kv.get('majority/1', { timeoutMs: 20_000 }))?.version, 1);
    await putSurely(kv, 'majority/3');
  });
});

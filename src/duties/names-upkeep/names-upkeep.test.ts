import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { DftfsError } from '#base/errors.ts';
import type { MemberAlarm, MemberStatus } from '#kv/etcd/maintenance.ts';
import { RevisionAges } from '#kv/revision-ages.ts';
import { silentLogger } from '#observe/log.ts';
import { ManualTime } from '../../../test/support/manual-time.ts';
import { NamesUpkeep, namesUpkeepDefaults } from './names-upkeep.ts';

const MiB = 1024 * 1024;
const quotaBytes = 1000 * MiB;
const options = { ...namesUpkeepDefaults, quotaBytes };
const { historyMs } = options;

/** Members as numbers; what is done to them is written down. */
class FakeEngine {
  readonly endpoints = ['m1', 'm2', 'm3'];
  readonly size: Record<string, number> = { m1: MiB, m2: MiB, m3: MiB };
  readonly inUse: Record<string, number> = { m1: MiB, m2: MiB, m3: MiB };
  readonly dead = new Set<string>();
  leader = 'm1';
  revision = 100;
  alarmed: MemberAlarm[] = [];
  readonly done: string[] = [];
  /** What compaction leaves in use. */
  live = MiB;

  async status(endpoint: string): Promise<MemberStatus> {
    if (this.dead.has(endpoint)) throw new DftfsError('names_unavailable', 'dead');
    return {
      memberId: endpoint,
      leaderId: this.leader,
      version: '3.4.23',
      raftTerm: 1,
      revision: this.revision,
      dbBytes: this.size[endpoint] as number,
      dbBytesInUse: this.inUse[endpoint] as number,
      quotaBytes: 0,
    };
  }
  alarms = async () => this.alarmed;
  async compact(_: string, revision: number): Promise<void> {
    this.done.push(`compact ${revision}`);
    for (const member of this.endpoints) this.inUse[member] = this.live;
  }
  async defragment(endpoint: string): Promise<void> {
    this.done.push(`defragment ${endpoint}`);
    this.size[endpoint] = this.inUse[endpoint] as number;
  }
  async disarm(_: string, alarm: MemberAlarm): Promise<void> {
    this.done.push(`disarm ${alarm.memberId}`);
    this.alarmed = this.alarmed.filter((one) => one !== alarm);
  }
  fill(bytes: number): void {
    for (const member of this.endpoints) this.size[member] = this.inUse[member] = bytes;
  }
  runFull(): void {
    this.fill(quotaBytes);
    this.alarmed = [{ memberId: 'm2', alarm: 'nospace' }];
  }
}

describe('upkeep of the names engine', () => {
  let time: ManualTime;
  let engine: FakeEngine;
  let claimed: boolean;
  let coordinator: boolean;
  let upkeep: NamesUpkeep;
  beforeEach(() => {
    time = new ManualTime();
    engine = new FakeEngine();
    claimed = true;
    coordinator = true;
    const claim = {
      take: async () => claimed,
      during: <T>(work: () => Promise<T>) => work(),
      giveBack: async () => {},
    };
    const ages = new RevisionAges({ agesMsMax: historyMs, everyMs: 1000 });
    const deps = { maintenance: engine, claim, clock: time.clock, ages, log: silentLogger };
    upkeep = new NamesUpkeep({ ...deps, isCoordinator: () => coordinator }, options);
  });

  /** Writes go on meanwhile. */
  async function run(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 10_000) {
      for (let i = 0; i < 50 && (await upkeep.step()) === 'busy'; i++);
      engine.revision += 10;
      await time.advance(10_000);
    }
  }

  test('leaves small files as they are, however much of them is free', async () => {
    engine.fill(60 * MiB);
    for (const member of engine.endpoints) engine.inUse[member] = MiB;
    await run(1_200_000);
    assert.ok(engine.done.every((what) => what.startsWith('compact')));
  });

  test('forgets history that is old by its own clock, sooner when the database has grown', async () => {
    engine.fill(100 * MiB);
    engine.live = 90 * MiB;
    await run(290_000);
    assert.deepEqual(engine.done, []);
    await run(20_000);
    assert.deepEqual(engine.done, ['compact 100']);
    engine.fill(130 * MiB);
    await run(100_000);
    assert.equal(engine.done.length, 2);
  });

  test('forgets history every five minutes, however little, where something was written', async () => {
    await run(300_000);
    assert.deepEqual(engine.done, []);
    await run(600_000);
    assert.deepEqual(engine.done, ['compact 100', 'compact 400']);
    for (let passed = 0; passed < 1_200_000; passed += 10_000) {
      await upkeep.step();
      await time.advance(10_000);
    }
    assert.equal(engine.done.length, 4, 'what was left, and then no more');
  });

  test('lets one member after the other give space back, the leader last', async () => {
    engine.fill(300 * MiB);
    for (const member of engine.endpoints) engine.inUse[member] = 100 * MiB;
    engine.inUse.m3 = 90 * MiB;
    engine.live = 90 * MiB;
    await run(10_000);
    assert.deepEqual(engine.done, ['defragment m3', 'defragment m2', 'defragment m1']);
    await run(100_000);
    assert.equal(engine.done.length, 3);
  });

  test('never defragments while another member is away', async () => {
    engine.fill(300 * MiB);
    for (const member of engine.endpoints) engine.inUse[member] = 50 * MiB;
    engine.dead.add('m3');
    await run(200_000);
    assert.deepEqual(engine.done, []);
    engine.dead.clear();
    await run(20_000);
    assert.equal(engine.done.length, 3);
  });

  test('lets writes in again when space was freed, and no sooner', async () => {
    engine.runFull();
    engine.live = 950 * MiB;
    await run(100_000);
    assert.ok(upkeep.isFull);
    assert.ok(!engine.done.some((what) => what.startsWith('disarm')));
    engine.live = 10 * MiB;
    engine.done.length = 0;
    await run(100_000);
    const [first, ...rest] = engine.done;
    assert.match(first ?? '', /^compact/);
    const named = rest.filter((what) => !what.startsWith('compact'));
    const expected = ['defragment m2', 'defragment m3', 'defragment m1', 'disarm m2'];
    assert.deepEqual(named, expected);
    assert.equal(upkeep.isFull, false);
  });

  test('when all is full, a member that is away for long does not keep it so', async () => {
    engine.endpoints.push('m4', 'm5');
    engine.runFull();
    engine.dead.add('m4').add('m5');
    await run(100_000);
    assert.deepEqual(engine.alarmed.length, 1, 'a majority has to be left');
    engine.dead.delete('m4');
    await run(100_000);
    assert.deepEqual(engine.alarmed, []);
  });

  test('leaves a damaged database to a person', async () => {
    engine.runFull();
    engine.alarmed.push({ memberId: 'm1', alarm: 'corrupt' });
    await run(200_000);
    assert.deepEqual(engine.done, []);
  });

  test('is the coordinator’s, or after long waiting anyone’s', async () => {
    coordinator = false;
    engine.runFull();
    await run(60_000);
    assert.deepEqual(engine.done, []);
    await run(40_000);
    assert.deepEqual(engine.alarmed, []);
  });

  test('waits while another is at it', async () => {
    claimed = false;
    engine.runFull();
    await run(100_000);
    assert.deepEqual(engine.done, []);
  });
});

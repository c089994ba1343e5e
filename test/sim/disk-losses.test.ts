import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLogger } from '#observe/log.ts';
import { SimCluster } from './cluster.ts';
import { clusterFaults } from './cluster-faults.ts';
import { DiskLosses } from './disk-losses.ts';
import { planOf } from './plan.ts';
import { Recorder } from './recorder.ts';
import { Dice } from './world/dice.ts';
import { Scheduler } from './world/scheduler.ts';

const withinMs = 60_000;
/** By then a blackout is over everywhere. */
const blackoutMs = 2000;

function clusterOf(nodes: number) {
  const scheduler = new Scheduler();
  const dice = new Dice(7);
  const recorder = new Recorder(scheduler);
  const plan = { ...planOf(7), nodes };
  return new SimCluster({ plan, scheduler, dice, recorder, log: () => silentLogger });
}

test('a machine that is lost for good stays away, though a blackout would end now', async () => {
  const cluster = clusterOf(5);
  const { scheduler, nodes } = cluster;
  const dice = new Dice(8);
  const story = async () => {
    for (const node of nodes) node.start();
    assert.ok(await cluster.until(() => cluster.areAllServing, withinMs));
    clusterFaults.blackout?.({ cluster, dice });
    for (const node of nodes) node.start();
    assert.ok(await new DiskLosses(cluster, dice).loseNode());
    await scheduler.sleep(blackoutMs);
    assert.equal(nodes.filter(({ isUp }) => isUp).length, 4);
    assert.ok(await cluster.until(() => cluster.areAllServing, withinMs));
    assert.ok(cluster.present.every(({ isUp }) => isUp) && cluster.present.length === 4);
  };
  let isOver = false;
  const told = story().finally(() => {
    isOver = true;
  });
  try {
    await scheduler.run(() => isOver);
    await told;
  } finally {
    for (const node of nodes) node.kill();
  }
});

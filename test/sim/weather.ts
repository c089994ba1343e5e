/** Faults that aren't events: how often, all the time, something goes wrong. */
import type { SimCluster } from './cluster.ts';
import type { FaultKind } from './plan.ts';
import type { Dice } from './world/dice.ts';
import { soundDisk } from './world/disk.ts';
import { fairWeather } from './world/links.ts';
import { calmEngine } from './world/names-engine.ts';

export const weatherKinds: readonly FaultKind[] = [
  'lossy-network',
  'bit-flips-on-wire',
  'lost-requests',
  'lost-replies',
  'late-writes',
  'refusals',
  'late-watches',
  'clock-drift',
  'stale-reads',
  'lost-watch-events',
  'false-keep-alive',
  'lost-answers',
];

/** Drift is of processes yet to be started. */
export function makeDrift({ nodes }: SimCluster, dice: Dice): void {
  for (const node of nodes) {
    const drift = dice.between(0.99, 1.01);
    node.clockFaults = { drift, skewMs: dice.between(-3_600_000, 3_600_000) };
  }
}

export function makeWeather(cluster: SimCluster, faults: ReadonlySet<FaultKind>, dice: Dice): void {
  const rate = (kind: FaultKind, most: number) => (faults.has(kind) ? dice.skewed(0.001, most) : 0);
  const { links, network, engine } = cluster;
  cluster.lostAnswerRate = rate('lost-answers', 0.5);
  links.weather = { ...fairWeather, lossRate: rate('lossy-network', 0.05) };
  network.flipRate = rate('bit-flips-on-wire', 0.05);
  engine.weather = {
    ...calmEngine,
    lostRequestRate: rate('lost-requests', 0.2),
    lostReplyRate: rate('lost-replies', 0.5),
    lateRate: rate('late-writes', 0.4),
    refusalRate: rate('refusals', 0.1),
    lateWatchRate: rate('late-watches', 0.2),
    staleReadRate: rate('stale-reads', 0.3),
    lostWatchEventRate: rate('lost-watch-events', 0.3),
    falseKeepAliveRate: rate('false-keep-alive', 1),
  };
}

export function clearWeather(cluster: SimCluster): void {
  const { links, network, engine, nodes } = cluster;
  cluster.lostAnswerRate = 0;
  links.mendAll();
  links.weather = fairWeather;
  network.flipRate = 0;
  engine.weather = calmEngine;
  engine.electLeader();
  for (const { disk } of nodes) disk.weather = soundDisk;
}

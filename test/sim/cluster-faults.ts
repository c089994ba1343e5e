/** What befalls the names engine, or everybody at once, and is over by itself after a while. */
import type { FaultStage } from './node-faults.ts';
import type { FaultKind } from './plan.ts';
import { engineQuotaBytes } from './world/engine-upkeep.ts';

type ClusterFault = (stage: FaultStage) => void;

export const clusterFaults: { readonly [kind in FaultKind]?: ClusterFault } = {
  'leader-loss': ({ cluster: { engine, scheduler }, dice }) => {
    engine.loseLeader();
    scheduler.after(dice.between(1000, 3000), undefined, () => engine.electLeader());
  },
  compaction: ({ cluster: { engine } }) => engine.compact(),
  'names-full': ({ cluster: { engine, scheduler }, dice }) => {
    engine.isFull = true;
    engine.dbBytes = engineQuotaBytes;
    if (dice.chance(0.5)) return;
    scheduler.after(dice.between(1000, 10_000), undefined, () => {
      engine.isFull = false;
    });
  },
  reset: ({ cluster: { network, nodes }, dice }) =>
    network.reset(dice.oneOf(nodes).id, dice.oneOf(nodes).id),
  'clock-jumps': ({ cluster: { nodes }, dice }) => {
    const { process } = dice.oneOf(nodes);
    if (process) process.wallJumpMs += dice.between(-7_200_000, 7_200_000);
  },
  blackout: ({ cluster: { nodes, scheduler }, dice }) => {
    for (const node of nodes) {
      if (!node.isUp) continue;
      node.cutPower();
      scheduler.after(dice.between(100, 1500), undefined, () => node.start());
    }
  },
};

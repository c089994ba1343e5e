/** What can befall one node. Each deed gives the way back, or undefined if it can't be done now. */
import type { SimCluster } from './cluster.ts';
import type { FaultKind } from './plan.ts';
import type { SimNode } from './sim-node.ts';
import type { Dice } from './world/dice.ts';
import { soundDisk } from './world/disk.ts';
import { engineHost } from './world/names-engine.ts';

export interface FaultStage {
  readonly cluster: SimCluster;
  readonly dice: Dice;
}

type NodeFault = (stage: FaultStage, node: SimNode) => (() => void) | undefined;

const MiB = 1024 * 1024;
/** What a store leaves free at least. */
const reserveBytes = 64 * MiB;

export const nodeFaults: { readonly [kind in FaultKind]?: NodeFault } = {
  kill: (_, node) => {
    node.kill();
    return () => node.start();
  },
  power: (_, node) => {
    node.cutPower();
    return () => node.start();
  },
  stop: (_, node) => {
    void node.stop();
    return () => restart(node);
  },
  pause: (_, node) => {
    const { process } = node;
    process?.pause();
    return () => process?.resume();
  },
  partition: (stage, node) => cutOff(stage, node, true, true),
  'one-way': (stage, node) => {
    const isOut = stage.dice.chance(0.5);
    return cutOff(stage, node, isOut, !isOut);
  },
  'cut-off-names': ({ cluster: { links }, dice }, node) => {
    const isOut = dice.chance(0.7);
    if (isOut) links.cut(node.id, engineHost);
    if (!isOut || dice.chance(0.5)) links.cut(engineHost, node.id);
    return () => {
      links.mend(node.id, engineHost);
      links.mend(engineHost, node.id);
    };
  },
  'slow-node': ({ cluster: { links }, dice }, node) => {
    links.slow(node.id, dice.oneOf([10, 100, 1000]));
    return () => links.quicken(node.id);
  },
  'slow-disk': ({ dice }, node) => {
    const factor = dice.oneOf([10, 100, 1000]);
    const { callMsMax, syncMsMax } = soundDisk;
    const weather = { ...soundDisk, callMsMax: callMsMax * factor, syncMsMax: syncMsMax * factor };
    node.disk.weather = weather;
    return () => {
      node.disk.weather = soundDisk;
    };
  },
  /** A store whose flush failed takes nothing more until somebody has looked at its disk. */
  'disk-errors': ({ dice }, node) => {
    const rate = () => (dice.chance(0.6) ? dice.skewed(0.001, 0.3) : 0);
    const errors = { readErrorRate: rate(), writeErrorRate: rate(), syncErrorRate: rate() };
    node.disk.weather = { ...soundDisk, ...errors };
    return () => {
      node.disk.weather = soundDisk;
      if (dice.chance(0.5)) node.cutPower();
      restart(node);
    };
  },
  'disk-full': ({ dice }, { disk }) => {
    const { capacityBytes } = disk;
    const used = capacityBytes - disk.freeBytes;
    disk.capacityBytes = used + reserveBytes + dice.oneOf([-reserveBytes, 0, 100_000]);
    return () => {
      disk.capacityBytes = capacityBytes;
    };
  },
};

export function restart(node: SimNode): void {
  node.kill();
  node.start();
}

/** From all nodes, or some, and perhaps from the engine. */
function cutOff(
  { cluster: { links, nodes }, dice }: FaultStage,
  node: SimNode,
  outwards: boolean,
  inwards: boolean,
): () => void {
  const share = dice.oneOf([0.4, 1]);
  const others = nodes.filter((other) => other !== node && dice.chance(share));
  const hosts = others.map(({ id }) => id);
  if (dice.chance(0.5)) hosts.push(engineHost);
  for (const host of hosts) {
    if (outwards) links.cut(node.id, host);
    if (inwards) links.cut(host, node.id);
  }
  return () => {
    for (const host of hosts) {
      links.mend(node.id, host);
      links.mend(host, node.id);
    }
  };
}

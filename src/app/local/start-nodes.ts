/**
 * Starts nodes so that all nodes share one front door. When none is alive the launcher opens it;
 * else a living node passes its own on. Only if no living node answers does a new socket join the
 * old one.
 */
import { askControl } from './control.ts';
import { withFrontDoor } from './front-door.ts';
import { launchNode } from './launch-node.ts';
import { processFolder } from './manifest.ts';
import type { StartPlan } from './plan.ts';
import { findProcess } from './process-record.ts';

const askTimeoutMs = 3000;

export async function startNodes(plan: StartPlan, program: string): Promise<void> {
  const { data, manifest } = plan;
  const living = manifest.nodes
    .map((node) => node.name)
    .filter((name) => findProcess(data, name)?.state === 'running');
  const left: string[] = [];
  for (const { name } of plan.nodes) {
    if (!(await relaunched(data, living, name))) left.push(name);
  }
  if (left.length === 0) return;
  await withFrontDoor(manifest.publicHost, manifest.publicPort, (frontDoor) => {
    for (const name of left) launchNode({ data, name, frontDoor }, program);
  });
}

/**
 * Asks one living node after the other. Those that don't answer aren't asked again: `living`
 * shrinks.
 */
async function relaunched(data: string, living: string[], name: string): Promise<boolean> {
  for (let asked = living[0]; asked !== undefined; asked = living[0]) {
    const folder = processFolder(data, asked);
    const answer = await askControl(folder, { op: 'relaunch', name }, askTimeoutMs).catch(() => {});
    // The answer may have been lost after the deed.
    if ((answer && 'pid' in answer) || findProcess(data, name) !== undefined) return true;
    living.shift();
  }
  return false;
}

/** Answers that get lost after the deed, and requests that break off within. */
import type { FaultSpec } from '../scenario.ts';
import type { Field, RunningFault } from './fault.ts';

type CutSpec = Extract<FaultSpec, { kind: 'cut connections' }>;

export async function beginCutting({ lost, reset }: CutSpec, field: Field): Promise<RunningFault> {
  const { lossyDoors } = field.ground;
  lossyDoors.lose({ lost, reset }, field.random);
  return { hits: async () => lossyDoors.cuts, undo: async () => lossyDoors.loseNothing() };
}

/** Packets that don't arrive. */
import type { FaultSpec } from '../scenario.ts';
import { choose, type Field, type RunningFault } from './fault.ts';

type PartitionSpec = Extract<FaultSpec, { kind: 'partition' }>;

export async function beginPartition(
  { from, to, oneWay }: PartitionSpec,
  field: Field,
): Promise<RunningFault> {
  const { partitions } = field.ground;
  if (partitions === undefined) throw new Error('this ground has no partitions');
  // Others than whom must be known first.
  const isFarFirst = from.startsWith('the other');
  const first = await choose(isFarFirst ? to : from, field);
  const second = await choose(isFarFirst ? from : to, field, first);
  const [near, far] = isFarFirst ? [second, first] : [first, second];
  const directions = oneWay ? [[near, far] as const] : [[near, far] as const, [far, near] as const];
  const cut = await partitions.cut(directions);
  return { hits: () => cut.dropped(), undo: () => cut.join() };
}

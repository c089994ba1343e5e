/** Processes that die, stand still, or are restarted. */
import { findProcess } from '#app/local/process-record.ts';
import { allLive, ended, restore } from '../../support/cluster-state.ts';
import type { LocalCluster } from '../../support/local-cluster.ts';
import { until } from '../../support/until.ts';
import type { FaultSpec } from '../scenario.ts';
import { choose, type Field, type RunningFault } from './fault.ts';

type SignalSpec = Extract<FaultSpec, { kind: 'signal' }>;
type RestartSpec = Extract<FaultSpec, { kind: 'rolling restart' }>;

export async function beginSignal(
  { signal, target }: SignalSpec,
  field: Field,
): Promise<RunningFault> {
  const { cluster } = field;
  const names = await choose(target, field);
  for (const name of names) cluster.signal(name, signal);
  for (const name of names) {
    if (signal === 'SIGSTOP') await stopped(cluster, name);
    else await ended(cluster, name);
  }
  return { hits: async () => names.length, undo: () => restore(cluster, names) };
}

const stopped = ({ data }: LocalCluster, name: string): Promise<true> =>
  until(`${name} is stopped`, async () =>
    findProcess(data, name)?.state === 'stopped' ? true : undefined,
  );

export async function beginRollingRestart(
  { target }: RestartSpec,
  field: Field,
): Promise<RunningFault> {
  const { cluster } = field;
  const names = await choose(target, field);
  for (const name of names) {
    cluster.signal(name, 'SIGTERM');
    await ended(cluster, name);
    await cluster.startAgain();
    await allLive(cluster);
  }
  return { hits: async () => names.length, undo: async () => {} };
}

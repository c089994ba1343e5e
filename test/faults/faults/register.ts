/** All kinds of faults: what they need, and how they begin. */
import { whyNoLoopDisks } from '../../support/loop-disk.ts';
import type { GroundName } from '../ground/ground.ts';
import { whyNoPartitions } from '../ground/partitions.ts';
import { whyNoSetClocks } from '../ground/set-clocks.ts';
import type { FaultKindName, FaultSpec } from '../scenario.ts';
import { beginClock } from './clock.ts';
import { beginCutting } from './cut-connections.ts';
import { beginFullDisk, beginSlowDisk, whyNoSlowDisks } from './disks.ts';
import { beginFailingCalls, whyNoFailingCalls } from './failing-calls.ts';
import type { Field, RunningFault } from './fault.ts';
import { beginOtherDisk } from './other-disk.ts';
import { beginPartition } from './partition.ts';
import { beginRollingRestart, beginSignal } from './signals.ts';

interface FaultKind {
  readonly ground: GroundName;
  /** Undefined: this machine can do it. */
  readonly whyNot: () => Promise<string | undefined>;
}

const always = async (): Promise<undefined> => undefined;

export const faultKinds: Readonly<Record<FaultKindName, FaultKind>> = {
  signal: { ground: 'plain', whyNot: always },
  'rolling restart': { ground: 'plain', whyNot: always },
  partition: { ground: 'network', whyNot: whyNoPartitions },
  'cut connections': { ground: 'plain', whyNot: always },
  'failing calls': { ground: 'plain', whyNot: whyNoFailingCalls },
  'full disk': { ground: 'disks', whyNot: whyNoLoopDisks },
  'slow disk': {
    ground: 'disks',
    whyNot: async () => (await whyNoLoopDisks()) ?? (await whyNoSlowDisks()),
  },
  clock: { ground: 'clocks', whyNot: whyNoSetClocks },
  'other disk': { ground: 'plain', whyNot: always },
};

export function beginFault(spec: FaultSpec, field: Field): Promise<RunningFault> {
  switch (spec.kind) {
    case 'signal':
      return beginSignal(spec, field);
    case 'rolling restart':
      return beginRollingRestart(spec, field);
    case 'partition':
      return beginPartition(spec, field);
    case 'cut connections':
      return beginCutting(spec, field);
    case 'failing calls':
      return beginFailingCalls(spec, field);
    case 'full disk':
      return beginFullDisk(spec, field);
    case 'slow disk':
      return beginSlowDisk(spec, field);
    case 'clock':
      return beginClock(spec, field);
    case 'other disk':
      return beginOtherDisk(spec, field);
  }
}

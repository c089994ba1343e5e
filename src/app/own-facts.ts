/** What a node can tell others of itself, and the duties that find it out, put together. */

import type { Duty } from '#duties/duty.ts';
import { RepairPace } from '#duties/facts/repair-pace.ts';
import { factsHandlers } from '#duties/facts/serve-facts.ts';
import { VolumeTally } from '#duties/facts/volume-tally.ts';
import type { Clock } from '#io/world.ts';
import type { RequestFacts } from '#protocol/node-facts.ts';
import type { RpcHandlers } from '#rpc/rpc.ts';
import type { ShardStore } from '#storage/shard-store.ts';

export interface OwnFactsDeps {
  readonly store: ShardStore;
  readonly clock: Clock;
  readonly standing: () => string | undefined;
  /** Of clients, for files; undefined: they aren't counted. */
  readonly requests: () => Omit<RequestFacts, 'atMs'> | undefined;
}

type Progress = Readonly<Record<string, unknown>>;

export class OwnFacts {
  readonly handlers: RpcHandlers;
  readonly duties: readonly Duty[];
  /** Of all duties; whoever runs them sets it. */
  progress: () => Progress = () => ({});

  constructor({ store, clock, standing, requests: counted }: OwnFactsDeps) {
    const tally = new VolumeTally({ store, clock });
    const pace = new RepairPace(clock, () => bytesRepaired(this.progress()));
    const repairBytesPerSecond = () => pace.bytesPerSecond;
    const progress = () => this.progress();
    const requests = () => {
      const totals = counted();
      return totals && { atMs: clock.now(), ...totals };
    };
    this.handlers = factsHandlers({
      ...{ store, standing, tally, repairBytesPerSecond, requests, progress },
    });
    this.duties = [tally, pace];
  }
}

/** By what the duties of repair say. */
export function bytesRepaired(progress: Progress): number {
  return Object.entries(progress)
    .filter(([name]) => name.startsWith('repair'))
    .map(([, said]) => (said as { bytesDone?: unknown } | undefined)?.bytesDone)
    .reduce((sum: number, bytes) => sum + (typeof bytes === 'number' ? bytes : 0), 0);
}

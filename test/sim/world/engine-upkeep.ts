/** The side of the engine that its upkeep sees: one member, its size, its alarm. */
import type { EtcdMaintenance, MemberAlarm, MemberStatus } from '#kv/etcd/maintenance.ts';
import { engineHost, type NamesEngine } from './names-engine.ts';
import type { SimProcess } from './process.ts';

const MiB = 1024 * 1024;
export const engineQuotaBytes = 64 * MiB;
const memberId = '1';

export class EngineUpkeep implements Pick<EtcdMaintenance, keyof EtcdMaintenance> {
  readonly endpoints = [engineHost];
  readonly #engine: NamesEngine;
  readonly #process: SimProcess;

  constructor(engine: NamesEngine, process: SimProcess) {
    this.#engine = engine;
    this.#process = process;
  }

  status(): Promise<MemberStatus> {
    return this.#call(({ hasLeader, kv, dbBytes, leaderChanges }) => ({
      memberId,
      leaderId: hasLeader ? memberId : '0',
      version: 'simulated',
      raftTerm: leaderChanges,
      revision: kv.revision,
      dbBytes,
      dbBytesInUse: MiB,
      quotaBytes: engineQuotaBytes,
    }));
  }

  readThrough(): Promise<void> {
    return this.#call(() => {});
  }

  compact(_endpoint: string, revision: number): Promise<void> {
    return this.#call(({ kv }) => kv.compact(revision));
  }

  alarms(): Promise<readonly MemberAlarm[]> {
    return this.#call(({ isFull }) => (isFull ? [{ memberId, alarm: 'nospace' as const }] : []));
  }

  disarm(): Promise<void> {
    return this.#call((engine) => {
      engine.isFull = false;
    });
  }

  defragment(): Promise<void> {
    return this.#call((engine) => {
      engine.dbBytes = MiB;
    });
  }

  close(): void {}

  #call<T>(act: (engine: NamesEngine) => T): Promise<T> {
    const { scheduler, dice } = this.#engine;
    return new Promise((resolve) => {
      scheduler.after(dice.skewed(0.5, 5), undefined, () => {
        const value = act(this.#engine);
        scheduler.after(dice.skewed(0.5, 5), this.#process, () => resolve(value));
      });
    });
  }
}

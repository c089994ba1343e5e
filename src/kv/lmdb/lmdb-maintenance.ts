/**
 * The driver's side of the upkeep of a names engine: one member that is its own leader, without a
 * quota. LMDB uses freed pages again by itself.
 */
import type { EtcdMaintenance, MemberAlarm, MemberStatus } from '../etcd/maintenance.ts';
import type { LmdbKv } from './lmdb-kv.ts';

const memberId = '1';

export class LmdbMaintenance implements Pick<EtcdMaintenance, keyof EtcdMaintenance> {
  readonly endpoints: readonly string[];
  readonly #kv: LmdbKv;

  constructor(kv: LmdbKv) {
    this.#kv = kv;
    this.endpoints = kv.members().map(({ endpoint }) => endpoint);
  }

  async status(): Promise<MemberStatus> {
    const { revision, bytes } = this.#kv;
    const size = { dbBytes: bytes, dbBytesInUse: bytes, quotaBytes: 0 };
    return { memberId, leaderId: memberId, version: 'lmdb', raftTerm: 0, revision, ...size };
  }

  async readThrough(): Promise<void> {
    await this.#kv.get('any', { timeoutMs: 1000 });
  }

  /** History is in memory, and bounded by itself. */
  async compact(): Promise<void> {}

  async alarms(): Promise<readonly MemberAlarm[]> {
    return [];
  }

  async disarm(): Promise<void> {}

  async defragment(): Promise<void> {}

  close(): void {}
}

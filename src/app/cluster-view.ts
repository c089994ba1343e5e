/** What there is to know of the cluster at a moment, for its status and its metrics alike. */
import type { Cluster } from '#cluster/cluster.ts';
import type { EtcdMaintenance } from '#kv/etcd/maintenance.ts';
import { type Kv, type KvMember, prefixSpan } from '#kv/kv.ts';
import { prefixes } from '#protocol/keys.ts';
import { marginOf } from '#protocol/volumes.ts';

export const viewTimeoutMs = 500;
const garbageCountMax = 1000;

/** What a member of etcd says of itself; without a version: nothing, in time. */
export interface EtcdMemberView extends KvMember {
  readonly leader?: boolean;
  readonly version?: string;
  readonly dbBytes?: number;
  readonly dbBytesInUse?: number;
}

export function viewEtcd(
  kv: Pick<Kv, 'members'>,
  maintenance: Pick<EtcdMaintenance, 'status'>,
): Promise<EtcdMemberView[]> {
  const view = async (member: KvMember): Promise<EtcdMemberView> => {
    try {
      const { memberId, leaderId, version, dbBytes, dbBytesInUse } = await maintenance.status(
        member.endpoint,
        { timeoutMs: viewTimeoutMs },
      );
      return { ...member, leader: memberId === leaderId, version, dbBytes, dbBytesInUse };
    } catch {
      return { ...member, healthy: false };
    }
  };
  return Promise.all(kv.members().map(view));
}

/** Blobs without a name that wait to be deleted; undefined: the names engine doesn't say. */
export async function countGarbage(
  kv: Pick<Kv, 'range'>,
): Promise<{ readonly queued: number; readonly more: boolean } | undefined> {
  try {
    const span = prefixSpan(prefixes.garbage);
    const { entries, more } = await kv.range(
      { ...span, limit: garbageCountMax, keysOnly: true },
      { timeoutMs: viewTimeoutMs },
    );
    return { queued: entries.length, more };
  } catch {
    return undefined;
  }
}

/**
 * How many volumes can lose how many more members: `{"2": 12, "1": 3}`. Negative: unreadable now.
 */
export function volumesByMargin(
  cluster: Pick<Cluster, 'volumes' | 'isLive'>,
): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { record } of cluster.volumes()) {
    const margin = marginOf(record, (member) => cluster.isLive(member));
    counts[margin] = (counts[margin] ?? 0) + 1;
  }
  return counts;
}

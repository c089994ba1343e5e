/** What a healthy node says of itself, and volumes, for tests of upkeep. */
import { nodeId, type VolumeId } from '#base/ids.ts';
import type { KnownVolume } from '#cluster/cluster-map.ts';
import type { KnownFacts } from '#duties/facts/facts-book.ts';
import type { DiskFacts, RequestFacts } from '#protocol/node-facts.ts';
import type { Code, VolumeRecord } from '#protocol/volumes.ts';

export type FactsChange = Partial<Omit<KnownFacts, 'disk'>> & {
  readonly disk?: Partial<DiskFacts>;
};

export const noRequests: RequestFacts = {
  ...{ atMs: 0, count: 0, refused: 0, failed: 0, left: 0, bytesReceived: 0, bytesSent: 0 },
  durations: [],
};

export function knownFacts({ disk, ...change }: FactsChange = {}): KnownFacts {
  return {
    disk: {
      ...{ diskId: 'd', standing: 'known', liveBytes: 0, segmentBytes: 0, slowestMs: 1 },
      ...{ freeBytes: 1e12, totalBytes: 2e12, full: false, fenced: null },
      ...{ damaged: 0, ...disk },
    },
    ...{ volumes: [], repairBytesPerSecond: 0, requests: noRequests, duties: {} },
    ...{ answeredInMs: 1, ...change },
  };
}

export function volumeOf(
  id: VolumeId,
  code: Code,
  members: readonly string[],
  change: Partial<VolumeRecord> = {},
): KnownVolume {
  const record: VolumeRecord = {
    ...{ id, code, members: members.map(nodeId), epoch: 1, state: 'open' },
    ...{ rebuilding: [], incoming: [], ...change },
  };
  return { record, revision: 5 };
}

/** A cluster in good health, for tests. */
import type { ClusterNode, ClusterStatus, DiskStatus } from '#client/cluster-status.ts';

const disk: DiskStatus = {
  ...{ diskId: 'd', standing: 'known', liveBytes: 100, segmentBytes: 120, freeBytes: 1e9 },
  ...{ totalBytes: 2e9, full: false, fenced: null, slowestMs: 1, damaged: 0 },
};

export function sampleNode(id: string, change: Partial<ClusterNode> = {}): ClusterNode {
  return {
    ...{ id, host: '127.0.0.1', port: 1, httpPort: 2, zone: 'a', capacityBytes: 1e9 },
    ...{ draining: false, live: true, coordinates: false, slots: 3, disk, answeredInMs: 1 },
    ...change,
  };
}

const none = { volumes: 0, bytes: 0 };

export function sampleStatus(change: Partial<ClusterStatus> = {}): ClusterStatus {
  const member = (port: number) => {
    return { endpoint: `http://127.0.0.1:${port}`, healthy: true, leader: port === 1 };
  };
  return {
    node: 'n1',
    nodes: ['n1', 'n2', 'n3'].map((id) => sampleNode(id)),
    volumes: { '2': 12 },
    protection: {
      ...{ wantedMargin: 2, all: { volumes: 12, bytes: 2048 } },
      ...{ underProtected: none, withoutMargin: none, unreadable: none },
      ...{ rebuilding: { slots: 0, bytesLeft: 0 }, moving: { slots: 0, bytesLeft: 0 } },
    },
    repair: { bytesLeft: 0, bytesPerSecond: 0, secondsLeft: 0 },
    names: { members: [member(1), member(2), member(3)], combiner: 'n1', upkeep: {} },
    store: {},
    ...change,
  };
}

/** A cluster in which all is well, as `/-/cluster` describes it, and what tests change of it. */
import type { ClusterNode, ClusterStatus } from '#client/index.ts';

const GiB = 1024 ** 3;
const none = { volumes: 0, bytes: 0 };
const nothingToFill = { slots: 0, bytesLeft: 0 };

export const someNode = (id: string, changed: Partial<ClusterNode> = {}): ClusterNode => ({
  ...{ id, host: '127.0.0.1', port: 9001, httpPort: 9002, zone: 'a', capacityBytes: 100 * GiB },
  ...{ draining: false, live: true, coordinates: false, slots: 4 },
  disk: someDisk(),
  ...changed,
});

type Disk = NonNullable<ClusterNode['disk']>;

export const someDisk = (changed: Partial<Disk> = {}): Disk => ({
  ...{ diskId: 'd', standing: 'known', liveBytes: GiB, segmentBytes: GiB, freeBytes: 50 * GiB },
  ...{ totalBytes: 100 * GiB, full: false, fenced: null, slowestMs: 3, damaged: 0 },
  ...changed,
});

export const soundStatus = (changed: Partial<ClusterStatus> = {}): ClusterStatus => ({
  node: 'node-1',
  nodes: ['node-1', 'node-2', 'node-3', 'node-4', 'node-5', 'node-6'].map((id) => someNode(id)),
  volumes: { 2: 10 },
  protection: {
    ...{ wantedMargin: 2, all: { volumes: 10, bytes: GiB } },
    ...{ underProtected: none, withoutMargin: none, unreadable: none },
    ...{ rebuilding: nothingToFill, moving: nothingToFill },
  },
  repair: { bytesLeft: 0, bytesPerSecond: 0, secondsLeft: 0 },
  garbage: { queued: 0, more: false },
  names: soundNames(),
  ...changed,
});

type Names = ClusterStatus['names'];

export const soundNames = (changed: Partial<Names> = {}): Names => ({
  members: [1, 2, 3, 4, 5].map((number) => ({
    ...{ endpoint: `http://127.0.0.1:70${number}`, healthy: true, leader: number === 1 },
    ...{ version: '3.6.9', dbBytes: 1000, dbBytesInUse: 500 },
  })),
  upkeep: { quotaBytes: 8 * GiB, alarms: [], missing: [] },
  collectionHeld: false,
  ...changed,
});

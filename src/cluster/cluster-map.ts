/**
 * Who is here: an in-memory picture of nodes and volumes, fed by a watch, and this process's own
 * suspicions. It is a hint for placement and speed; nothing that must be true rests on it.
 */
import type { NodeId, VolumeId } from '#base/ids.ts';
import type { VolumeRecord } from '#protocol/volumes.ts';

export interface NodeRecord {
  readonly id: NodeId;
  readonly host: string;
  /** Node-to-node port. */
  readonly port: number;
  /** The node's own HTTP port. */
  readonly httpPort: number;
  readonly zone: string;
  /** What it offers, compared with others. */
  readonly capacityBytes: number;
  /** An operator wants it emptied: it gets nothing new. */
  readonly draining: boolean;
  /** New at every start of the process. */
  readonly incarnation: string;
  /** Of the product; missing: from before it was said. */
  readonly release?: string;
  /** The version of the node protocol that it speaks; missing: the first. */
  readonly protocol?: number;
}

export interface KnownVolume {
  readonly record: VolumeRecord;
  /**
   * modRevision of its key when read. A commit compares it: the fence against a change of members.
   */
  readonly revision: number;
}

export interface ClusterMap {
  /** Registered nodes, alive or not. */
  nodes(): readonly NodeRecord[];
  node(id: NodeId): NodeRecord | undefined;
  /** Registered, lease alive, and not suspected by this process. Sorted by id. */
  live(): readonly NodeId[];
  isLive(id: NodeId): boolean;
  /** createRevision of `l/<id>` as last seen: the lower, the longer the node has been here. */
  sessionOf(id: NodeId): number | undefined;
  volumes(): readonly KnownVolume[];
  volume(id: VolumeId): KnownVolume | undefined;
  /** Takes in a volume learned otherwise (just created or just read). */
  learnVolume(volume: KnownVolume): void;
  /**
   * This process met a refused or reset connection or missed deadlines: avoid the node until it
   * answers a probe.
   */
  suspect(id: NodeId, reason: string): void;
  /** Called with every change of `live()` or of the volumes. Returns how to stop. */
  onChange(listener: () => void): () => void;
}

/** This process's place in the cluster. Its key `l/<node>` is bound to a lease. */
export interface Session {
  readonly node: NodeId;
  /**
   * createRevision of `l/<node>`: every commit compares it. Undefined: not registered now, serve
   * nothing that writes.
   */
  readonly revision: number | undefined;
}

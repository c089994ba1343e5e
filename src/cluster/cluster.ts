/** The cluster map of one process: what the kv says, less what this process has reason to doubt. */
import type { NodeId, VolumeId } from '#base/ids.ts';
import type { KvEntry } from '#kv/kv.ts';
import { prefixSpan } from '#kv/kv.ts';
import { drainKey, livenessKey, prefixes, volumeKey } from '#protocol/keys.ts';
import { decodeVolume } from '#protocol/volumes.ts';
import type { ClusterMap, KnownVolume, NodeRecord } from './cluster-map.ts';
import { decodeRegistration, type NodeRegistration } from './registration.ts';
import { Suspicion, type SuspicionDeps, type SuspicionOptions } from './suspicion.ts';
import { WatchedState, type WatchedStateDeps } from './watched-state.ts';

export interface ClusterDeps extends WatchedStateDeps, Omit<SuspicionDeps, 'peers'> {
  /** Fails whatever is under way to a node that has just become a suspect. */
  readonly dropCalls: (node: NodeId, reason: string) => void;
}

export interface ClusterOptions extends SuspicionOptions {
  readonly self: NodeId;
  readonly relistMs: number;
  readonly retryMs: number;
}

export class Cluster implements ClusterMap {
  private readonly deps: ClusterDeps;
  private readonly options: ClusterOptions;
  private readonly state: WatchedState;
  private readonly suspicion: Suspicion;
  private readonly listeners = new Set<() => void>();
  private nodesById = new Map<NodeId, NodeRecord>();
  private volumesById = new Map<VolumeId, KnownVolume>();
  private readonly decoded = new WeakMap<KvEntry, KnownVolume | NodeRegistration | null>();
  private liveIds: readonly NodeId[] = [];

  constructor(deps: ClusterDeps, options: ClusterOptions) {
    this.deps = deps;
    this.options = options;
    const { node, drain, liveness, volume } = prefixes;
    const spans = [node, drain, liveness, volume].map(prefixSpan);
    const { relistMs, retryMs } = options;
    this.state = new WatchedState(deps, { spans, relistMs, retryMs }, () => this.rebuild());
    const peers = () => this.registeredPeers();
    this.suspicion = new Suspicion({ ...deps, peers }, options, (suspect) => {
      if (suspect !== undefined) deps.dropCalls(suspect, 'the node is suspected');
      this.refreshLive();
    });
  }

  async start(): Promise<void> {
    await this.state.start();
    this.suspicion.start();
  }

  close(): void {
    this.state.close();
    this.suspicion.close();
  }

  nodes(): readonly NodeRecord[] {
    return [...this.nodesById.values()];
  }

  node(id: NodeId): NodeRecord | undefined {
    return this.nodesById.get(id);
  }

  live(): readonly NodeId[] {
    return this.liveIds;
  }

  isLive(id: NodeId): boolean {
    return this.liveIds.includes(id);
  }

  sessionOf(id: NodeId): number | undefined {
    return this.state.entries.get(livenessKey(id))?.createRevision;
  }

  volumes(): readonly KnownVolume[] {
    return [...this.volumesById.values()];
  }

  volume(id: VolumeId): KnownVolume | undefined {
    return this.volumesById.get(id);
  }

  learnVolume(volume: KnownVolume): void {
    const known = this.volumesById.get(volume.record.id);
    if (known !== undefined && known.revision >= volume.revision) return;
    this.volumesById.set(volume.record.id, volume);
    this.notify();
  }

  suspect(id: NodeId, reason: string): void {
    if (id !== this.options.self) this.suspicion.suspect(id, reason);
  }

  suspects(): ReadonlyMap<NodeId, string> {
    return this.suspicion.reasons();
  }

  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private registeredPeers(): readonly NodeId[] {
    const { entries } = this.state;
    return [...this.nodesById.keys()].filter(
      (id) => id !== this.options.self && (entries.has(livenessKey(id)) || this.suspicion.has(id)),
    );
  }

  private rebuild(): void {
    const nodes = new Map<NodeId, NodeRecord>();
    const volumes = new Map<VolumeId, KnownVolume>();
    for (const [key, entry] of this.state.entries) {
      if (key.startsWith(prefixes.node)) {
        const known = this.decode(entry, () => decodeRegistration(entry.value));
        if (known === null) continue;
        nodes.set(known.id, { ...known, draining: this.state.entries.has(drainKey(known.id)) });
      } else if (key.startsWith(prefixes.volume)) {
        const known = this.decode(entry, () => ({
          record: decodeVolume(entry.value),
          revision: entry.modRevision,
        }));
        if (known !== null) volumes.set(known.record.id, known);
      }
    }
    this.keepNewerVolumes(volumes);
    this.nodesById = nodes;
    this.volumesById = volumes;
    this.refreshLive();
  }

  /** A volume learned from its own creation may be ahead of the watch. */
  private keepNewerVolumes(volumes: Map<VolumeId, KnownVolume>): void {
    const { listedRevision, removed } = this.state;
    for (const [id, known] of this.volumesById) {
      const listed = volumes.get(id);
      const gone = Math.max(listedRevision, removed.get(volumeKey(id)) ?? 0);
      const unseen = listed === undefined && known.revision > gone;
      if (unseen || (listed !== undefined && listed.revision < known.revision)) {
        volumes.set(id, known);
      }
    }
  }

  private decode<T extends KnownVolume | NodeRegistration>(
    entry: KvEntry,
    decode: () => T,
  ): T | null {
    const known = this.decoded.get(entry);
    if (known !== undefined) return known as T | null;
    let value: T | null = null;
    try {
      value = decode();
    } catch (error) {
      this.deps.log.error('record in the kv not understood', { key: entry.key, error });
    }
    this.decoded.set(entry, value);
    return value;
  }

  private refreshLive(): void {
    const { entries } = this.state;
    this.liveIds = [...this.nodesById.keys()]
      .filter((id) => entries.has(livenessKey(id)) && !this.suspicion.has(id))
      .sort();
    this.notify();
  }

  private notify(): void {
    for (const listener of [...this.listeners]) listener();
  }
}

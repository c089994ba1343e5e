/**
 * Nodes that hold shards, real names over a kv in memory, and time that stands still: what the
 * duties that delete have to do with.
 */
import { DftfsError } from '#base/errors.ts';
import { type BlobId, type NodeId, newBlobId, nodeId, type VolumeId } from '#base/ids.ts';
import { stripeBytes } from '#base/limits.ts';
import type { ShardCalls } from '#blob/shard-calls.ts';
import { shardLength, stripeRanges } from '#blob/stripes.ts';
import type { ClusterMap } from '#cluster/cluster-map.ts';
import type { Kv } from '#kv/kv.ts';
import { MemoryKv } from '#kv/memory/memory-kv.ts';
import { DirectCommitter } from '#namespace/direct-committer.ts';
import { Namespace } from '#namespace/namespace.ts';
import type { NewFile } from '#namespace/ops/create.ts';
import { livenessKey, nodeKey, prefixes, volumeKey } from '#protocol/keys.ts';
import type { HeldShard, ShardKey } from '#protocol/shards.ts';
import { decodeVolume, type Extent, encodeVolume, type VolumeRecord } from '#protocol/volumes.ts';
import { parseShardKey, shardKeyText } from '#storage/shard-key.ts';
import type { ShardStore } from '#storage/shard-store.ts';
import { ManualTime } from './manual-time.ts';
import { drop, put, readAll, volumeRecord } from './names-fixture.ts';

export const signal = new AbortController().signal;
export const notHeld = async (): Promise<boolean> => false;

let count = 0;
/** Different in every call of this process. */
const nextBytes = (length: number): Buffer => {
  const bytes = Buffer.alloc(length);
  bytes.writeUIntBE(++count, length - 6, 6);
  return bytes;
};

export class RigNode implements Pick<ShardStore, 'list' | 'delete' | 'has'> {
  readonly id: NodeId;
  isUp = true;
  /** Lengths by key as text. */
  readonly shards = new Map<string, number>();

  constructor(id: NodeId) {
    this.id = id;
  }

  readonly has = (key: ShardKey): boolean => this.shards.has(shardKeyText(key));

  readonly list: ShardStore['list'] = (after, limit, within) => {
    const from = after === undefined ? '' : shardKeyText(after);
    const prefix = within === undefined ? '' : within.volume + (within.blob ?? '');
    return [...this.shards]
      .filter(([text]) => text > from && text.startsWith(prefix))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .slice(0, limit)
      .map(([text, length]) => ({ key: parseShardKey(text), length }));
  };

  readonly delete = async (keys: readonly ShardKey[]): Promise<void> => {
    for (const key of keys) this.shards.delete(shardKeyText(key));
  };

  write({ key, length }: HeldShard): void {
    this.shards.set(shardKeyText(key), length);
  }
}

export interface UploadShape {
  readonly size?: number;
  readonly extents?: readonly Extent[];
}

export class GarbageRig {
  readonly time = new ManualTime();
  readonly kv = new MemoryKv(this.time);
  readonly nodes: readonly RigNode[];
  readonly volumes = new Map<VolumeId, VolumeRecord>();
  readonly sessions = new Map<NodeId, number>();
  /** Blobs that their writers have given up. */
  readonly settled = new Set<BlobId>();

  private constructor(nodes: number) {
    this.nodes = Array.from({ length: nodes }, (_, index) => new RigNode(nodeId(`n${index}`)));
  }

  static async start(nodes = 3): Promise<GarbageRig> {
    const rig = new GarbageRig(nodes);
    for (const { id } of rig.nodes) await rig.join(id);
    return rig;
  }

  node(id: NodeId): RigNode {
    const found = this.nodes.find((node) => node.id === id);
    if (found === undefined) throw new Error(`no node ${id}`);
    return found;
  }

  /** Begins a new session, in place of the old one. */
  async join(id: NodeId): Promise<void> {
    await this.leave(id);
    await put(this.kv, nodeKey(id), Buffer.alloc(0));
    this.sessions.set(id, await put(this.kv, livenessKey(id), Buffer.from('incarnation')));
  }

  async leave(id: NodeId): Promise<void> {
    await drop(this.kv, livenessKey(id));
    this.sessions.delete(id);
  }

  /** In the kv, and on the map unless that is to lag behind. */
  async putVolume(change: Partial<VolumeRecord>, isOnMap = true): Promise<VolumeRecord> {
    const record = volumeRecord(change);
    await put(this.kv, volumeKey(record.id), encodeVolume(record));
    if (isOnMap) this.volumes.set(record.id, record);
    return record;
  }

  namespace(id: NodeId, kv: Pick<Kv, 'txn' | 'range'> = this.kv): Namespace {
    const { clock, timers } = this.time;
    const committer = new DirectCommitter({ kv, timers, clock });
    return new Namespace({
      committer,
      kv,
      clock,
      random: { bytes: nextBytes },
      session: { node: id },
    });
  }

  /** Writes the shards of a blob, and gives it no name yet. */
  async upload(id: NodeId, volume: VolumeRecord, shape: UploadShape = {}): Promise<NewFile> {
    const session = this.sessions.get(id);
    if (session === undefined) throw new Error(`${id} has no session`);
    const blob = newBlobId(session, nextBytes);
    const { extents = [{ volume: volume.id, first: 0, count: 1 }] } = shape;
    const stripes = extents.reduce((sum, extent) => sum + extent.count, 0);
    const size = shape.size ?? stripes * stripeBytes;
    const known = await Promise.all(extents.map((extent) => this.#volumeNow(extent.volume)));
    const file: NewFile = {
      ...{ blob, size, crc: 7, extents, session, contentType: 'text/plain', metadata: {} },
      volumes: known.filter(
        (one, at) => extents.findIndex((e) => e.volume === one.record.id) === at,
      ),
    };
    for (const held of this.shardsOf(file)) this.node(held.node).write(held);
    return file;
  }

  async put(id: NodeId, path: string, volume: VolumeRecord, shape?: UploadShape): Promise<NewFile> {
    const file = await this.upload(id, volume, shape);
    await this.namespace(id).create(path, file);
    return file;
  }

  /** Who is to hold what of a blob. */
  shardsOf(file: {
    readonly blob: BlobId;
    readonly size: number;
    readonly extents: readonly Extent[];
  }): (HeldShard & { readonly node: NodeId })[] {
    return [...stripeRanges(file, 0, file.size)].flatMap(({ stripe }) => {
      const volume = this.volumes.get(stripe.volume);
      return (volume?.members ?? []).map((node, at) => {
        const slot = volume?.code.k === 1 ? 0 : at;
        const key = { volume: stripe.volume, blob: file.blob, stripe: stripe.number, slot };
        return { node, key, length: shardLength(stripe, volume?.code ?? { k: 1, m: 1 }) };
      });
    });
  }

  /** Names of the members that hold their shard of each stripe of the file. */
  holders(file: NewFile): NodeId[] {
    return this.shardsOf(file)
      .filter(({ node, key }) => this.node(node).has(key))
      .map(({ node }) => node);
  }

  readonly map: Pick<ClusterMap, 'isLive' | 'volume' | 'nodes' | 'sessionOf'> = {
    isLive: (id) => this.node(id).isUp,
    volume: (id) => {
      const record = this.volumes.get(id);
      return record && { record, revision: 0 };
    },
    nodes: () =>
      this.nodes.map(({ id }) => ({
        ...{ id, host: '127.0.0.1', port: 1, httpPort: 2, zone: '' },
        ...{ capacityBytes: 1, draining: false, incarnation: '' },
      })),
    sessionOf: (id) => this.sessions.get(id),
  };

  /** How often nodes were asked to delete. */
  deleteCalls = 0;

  readonly calls: Pick<ShardCalls, 'deleteBlobs' | 'settled' | 'list'> = {
    deleteBlobs: async (id, blobs) => {
      this.deleteCalls += 1;
      const node = this.#reach(id);
      for (const within of blobs) {
        await node.delete(node.list(undefined, 10_000, within).map(({ key }) => key));
      }
      return false;
    },
    settled: async (id, blobs) => {
      this.#reach(id);
      return new Set(blobs.filter((blob) => this.settled.has(blob)));
    },
    list: async (id, volume, after, limit) => this.#reach(id).list(after, limit, { volume }),
  };

  async garbage(): Promise<readonly string[]> {
    return (await readAll(this.kv, prefixes.garbage)).map(({ key }) =>
      key.slice(prefixes.garbage.length),
    );
  }

  #reach(id: NodeId): RigNode {
    const node = this.node(id);
    if (!node.isUp) throw new DftfsError('peer_unreachable', 'Refused.');
    return node;
  }

  async #volumeNow(id: VolumeId) {
    const entry = await this.kv.get(volumeKey(id), { timeoutMs: 1000 });
    if (entry === undefined) throw new Error(`no volume ${id}`);
    return { record: decodeVolume(entry.value), revision: entry.modRevision };
  }
}

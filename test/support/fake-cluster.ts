/**
 * A cluster in memory for tests: nodes that hold shards and fail on demand, and the map that shows
 * them.
 */
import { crc32 } from 'node:zlib';
import { DftfsError } from '#base/errors.ts';
import { type BlobId, type NodeId, nodeId, type VolumeId } from '#base/ids.ts';
import type { ShardCalls } from '#blob/shard-calls.ts';
import type { ClusterMap, KnownVolume, NodeRecord, Session } from '#cluster/cluster-map.ts';
import type { Kv, KvEntry } from '#kv/kv.ts';
import { volumeKey } from '#protocol/keys.ts';
import type { BlobInVolume, ShardCallOptions, ShardKey } from '#protocol/shards.ts';
import type { StripeShard } from '#protocol/upkeep.ts';
import { decodeVolume } from '#protocol/volumes.ts';
import { type Body, bodyLength } from '#rpc/rpc.ts';

/** 'gone': connections are refused. 'stopped': calls go in and nothing comes out. */
export type FakeNodeState = 'up' | 'gone' | 'stopped' | 'full' | 'fenced';

export class FakeNode {
  readonly id: NodeId;
  state: FakeNodeState = 'up';
  /** 'rotten': it finds damage in all that is read. 'garbled': a byte turns over on the way. */
  answers: 'sound' | 'rotten' | 'garbled' = 'sound';
  draining = false;
  zone = '';
  delayMs = 0;
  reads = 0;
  bytesRead = 0;
  readonly shards = new Map<string, Buffer>();

  constructor(id: NodeId) {
    this.id = id;
  }
}

export const keyText = (key: ShardKey): string =>
  `${key.volume}/${key.blob}/${key.stripe}/${key.slot}`;
function keyOf(text: string): ShardKey {
  const [volume, blob, stripe, slot] = text.split('/');
  return {
    volume: volume as VolumeId,
    blob: blob as BlobId,
    stripe: Number(stripe),
    slot: Number(slot),
  };
}

const compareKeys = (a: ShardKey, b: ShardKey): number =>
  a.blob === b.blob ? a.stripe - b.stripe || a.slot - b.slot : a.blob < b.blob ? -1 : 1;

const crcOf = (body: Body): number => body.reduce((crc, part) => crc32(part, crc), 0);

export class FakeCluster {
  readonly nodes: readonly FakeNode[];
  readonly map = new FakeMap(this);
  readonly kv = new FakeVolumeKv();
  readonly session: { node: NodeId; revision: number | undefined };
  /** Called before each write; may change the state of nodes. */
  beforeWrite: (node: FakeNode, key: ShardKey) => void = () => {};
  /** What a node does when it is asked to rebuild shards. */
  onRebuild: (
    node: FakeNode,
    blob: BlobInVolume,
    stripes: readonly StripeShard[],
  ) => Promise<void> = async () => {};
  /** Bodies of calls that never ended well: whoever owns them mustn't have changed them. */
  readonly stuck: { readonly body: Body; readonly crc: number }[] = [];
  /** Bytes of shards being written, now and at most. */
  writing = 0;
  writingMax = 0;

  constructor(count: number) {
    this.nodes = Array.from({ length: count }, (_, i) => new FakeNode(nodeId(`n${i}`)));
    this.session = { node: nodeId('n0'), revision: 7 } satisfies Session;
  }

  node(id: NodeId): FakeNode {
    const node = this.nodes.find((candidate) => candidate.id === id);
    if (!node) throw new Error(`no node ${id}`);
    return node;
  }

  /** Sets the state, and lets the map know at once. */
  set(id: NodeId, state: FakeNodeState): void {
    this.node(id).state = state;
    this.map.changed();
  }

  readonly calls: ShardCalls = {
    write: async (id, key, body, crc, options) => {
      const node = this.node(id);
      this.beforeWrite(node, key);
      this.writing += bodyLength(body);
      this.writingMax = Math.max(this.writingMax, this.writing);
      try {
        await this.#reach(node, options);
        this.#store(node, key, body, crc);
      } catch (error) {
        this.stuck.push({ body, crc });
        throw error;
      } finally {
        this.writing -= bodyLength(body);
      }
    },
    read: async (id, key, offset, length, options) => {
      const node = this.node(id);
      node.reads += 1;
      await this.#reach(node, options);
      const shard = node.shards.get(keyText(key));
      if (!shard || offset + length > shard.length) {
        throw new DftfsError('shard_missing', `${id} has no ${keyText(key)}.`);
      }
      if (node.answers === 'rotten') throw new DftfsError('shard_corrupt', 'Not what was stored.');
      node.bytesRead += length;
      const bytes = Buffer.from(shard.subarray(offset, offset + length));
      const crc = crc32(bytes);
      if (node.answers === 'garbled') bytes[length >> 1] = (bytes[length >> 1] ?? 0) ^ 1;
      // In pieces, as a socket would give them.
      const middle = length >> 1;
      return {
        body: length > 1 ? [bytes.subarray(0, middle), bytes.subarray(middle)] : [bytes],
        crc,
      };
    },
    delete: async (id, keys, options) => {
      await this.#reach(this.node(id), options);
      for (const key of keys) this.node(id).shards.delete(keyText(key));
    },
    deleteBlobs: async (id, blobs, options) => {
      await this.#reach(this.node(id), options);
      for (const { volume, blob } of blobs) {
        for (const key of this.node(id).shards.keys()) {
          if (key.startsWith(`${volume}/${blob}/`)) this.node(id).shards.delete(key);
        }
      }
      return false;
    },
    rebuild: async (id, blob, stripes, options) => {
      await this.#reach(this.node(id), options);
      await this.onRebuild(this.node(id), blob, stripes);
    },
    settled: async () => new Set(),
    list: async (id, volume, after, limit, options) => {
      await this.#reach(this.node(id), options);
      return [...this.node(id).shards]
        .filter(([text]) => text.startsWith(`${volume}/`))
        .map(([text, { length }]) => ({ key: keyOf(text), length }))
        .sort((a, b) => compareKeys(a.key, b.key))
        .filter(({ key }) => after === undefined || compareKeys(key, after) > 0)
        .slice(0, limit);
    },
  };

  #store(node: FakeNode, key: ShardKey, body: Body, crc: number): void {
    if (node.state === 'full') throw new DftfsError('store_full', 'No space.');
    if (node.state === 'fenced') throw new DftfsError('store_fenced', 'The disk failed.');
    const bytes = Buffer.concat(body);
    if (crc32(bytes) !== crc) throw new DftfsError('shard_corrupt', 'Not what was sent.');
    const there = node.shards.get(keyText(key));
    if (there && !there.equals(bytes)) throw new Error(`${keyText(key)} written with two contents`);
    node.shards.set(keyText(key), bytes);
  }

  /** As long and as well as the node lets itself be reached. */
  async #reach(node: FakeNode, { timeoutMs, signal }: ShardCallOptions): Promise<void> {
    signal?.throwIfAborted();
    await waitFor(node.delayMs, signal);
    if (node.state === 'gone') throw new DftfsError('peer_unreachable', 'Refused.');
    if (node.state !== 'stopped') return;
    await waitFor(timeoutMs, signal);
    throw new DftfsError('deadline_exceeded', 'No answer.');
  }

  /** True: no caller changed bytes that a failed call may still have been about to send. */
  stuckAreUntouched(): boolean {
    return this.stuck.every(({ body, crc }) => crcOf(body) === crc);
  }

  get shardCount(): number {
    return this.nodes.reduce((sum, node) => sum + node.shards.size, 0);
  }
}

function waitFor(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer);
      reject(new DftfsError('canceled', 'The caller has gone.'));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', abort, { once: true });
  });
}

export class FakeMap implements ClusterMap {
  readonly suspects = new Set<NodeId>();
  /** What the map thinks, right or wrong; undefined: it sees the nodes as they are. */
  believes: ((id: NodeId) => boolean) | undefined;
  readonly #cluster: FakeCluster;
  readonly #volumes = new Map<VolumeId, KnownVolume>();
  readonly #listeners = new Set<() => void>();

  constructor(cluster: FakeCluster) {
    this.#cluster = cluster;
  }

  nodes(): readonly NodeRecord[] {
    return this.#cluster.nodes.map(({ id, zone, draining }) => ({
      ...{ id, zone, draining, host: '127.0.0.1', port: 1, httpPort: 2 },
      ...{ capacityBytes: 1e12, incarnation: 'one' },
    }));
  }

  node(id: NodeId): NodeRecord | undefined {
    return this.nodes().find((node) => node.id === id);
  }

  sessionOf(id: NodeId): number | undefined {
    const index = this.#cluster.nodes.findIndex((node) => node.id === id);
    return index < 0 ? undefined : index + 1;
  }

  live(): readonly NodeId[] {
    return this.#cluster.nodes.map(({ id }) => id).filter((id) => this.isLive(id));
  }

  isLive(id: NodeId): boolean {
    if (this.suspects.has(id)) return false;
    if (this.believes) return this.believes(id);
    const { state } = this.#cluster.node(id);
    return state !== 'gone' && state !== 'stopped';
  }

  volumes(): readonly KnownVolume[] {
    return [...this.#volumes.values()];
  }

  volume(id: VolumeId): KnownVolume | undefined {
    return this.#volumes.get(id);
  }

  learnVolume(volume: KnownVolume): void {
    this.#volumes.set(volume.record.id, volume);
    this.changed();
  }

  forgetVolumes(): void {
    this.#volumes.clear();
    this.changed();
  }

  suspect(id: NodeId): void {
    this.suspects.add(id);
    this.changed();
  }

  changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get listenerCount(): number {
    return this.#listeners.size;
  }
}

/** Just enough of a kv for volumes to be created and looked up. */
export class FakeVolumeKv implements Pick<Kv, 'get' | 'txn'> {
  readonly entries = new Map<string, KvEntry>();
  down = false;
  #revision = 100;

  put(key: string, value: Buffer): KvEntry {
    this.#revision += 1;
    const modRevision = this.#revision;
    const entry = { key, value, createRevision: modRevision, modRevision, version: 1 };
    this.entries.set(key, entry);
    return entry;
  }

  readonly get: Kv['get'] = async (key) => {
    this.#check();
    return this.entries.get(key);
  };

  readonly txn: Kv['txn'] = async ({ compare, then }) => {
    this.#check();
    const succeeded = compare.every(({ start }) => !this.entries.has(start));
    if (succeeded) {
      for (const op of then) if (op.kind === 'put') this.put(op.key, op.value);
    }
    return { succeeded, results: [], revision: this.#revision };
  };

  volume(id: VolumeId): KnownVolume | undefined {
    const entry = this.entries.get(volumeKey(id));
    return entry && { record: decodeVolume(entry.value), revision: entry.modRevision };
  }

  #check(): void {
    if (this.down) throw new DftfsError('names_unavailable', 'No majority.');
  }
}

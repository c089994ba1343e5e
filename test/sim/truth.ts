/** What is really there, seen past all nodes: names in the engine, shards on disks. */
import { type BlobId, nodeId, sessionOfBlob, type VolumeId } from '#base/ids.ts';
import { shardLength, stripeRanges } from '#blob/stripes.ts';
import { type KvEntry, prefixSpan } from '#kv/kv.ts';
import { fileEntry } from '#namespace/ops/names.ts';
import type { FileEntry } from '#namespace/records.ts';
import { prefixes } from '#protocol/keys.ts';
import type { ShardKey } from '#protocol/shards.ts';
import { decodeVolume, slotInKeys, type VolumeRecord } from '#protocol/volumes.ts';
import type { SimNode } from './sim-node.ts';
import type { NamesEngine } from './world/names-engine.ts';

export interface DueShard {
  readonly node: string;
  readonly key: ShardKey;
  readonly length: number;
}

export const keyText = ({ volume, blob, stripe, slot }: ShardKey): string =>
  `${volume}/${blob}/${stripe}/${slot}`;

/** Of everything, while all nodes are there: copies, or shards of two more than it takes. */
const copiesWanted = 3;

/** A cluster, as far as it is looked at. */
export interface Looked {
  readonly engine: NamesEngine;
  readonly nodes: readonly SimNode[];
  readonly present: readonly SimNode[];
  readonly areAllServing: boolean;
}

export class Truth {
  readonly #cluster: Looked;

  constructor(cluster: Looked) {
    this.#cluster = cluster;
  }

  async entries(prefix: string): Promise<readonly KvEntry[]> {
    const { kv } = this.#cluster.engine;
    const range = { ...prefixSpan(prefix), limit: 1_000_000 };
    return (await kv.range(range, { timeoutMs: 1 })).entries;
  }

  async files(): Promise<readonly FileEntry[]> {
    return (await this.entries(prefixes.file)).map(fileEntry);
  }

  async volumes(): Promise<ReadonlyMap<VolumeId, VolumeRecord>> {
    const entries = await this.entries(prefixes.volume);
    return new Map(entries.map(({ value }) => decodeVolume(value)).map((one) => [one.id, one]));
  }

  /** What must be held for these files, or what stands in the way of saying so. */
  *due(
    files: readonly FileEntry[],
    volumes: ReadonlyMap<VolumeId, VolumeRecord>,
  ): Generator<DueShard | string> {
    const seen = new Set<BlobId>();
    for (const { path, record } of files) {
      if (seen.has(record.blob)) continue;
      seen.add(record.blob);
      for (const { stripe } of stripeRanges(record, 0, record.size)) {
        const volume = volumes.get(stripe.volume);
        if (volume === undefined) {
          yield `${path} lies in volume ${stripe.volume}, which is gone`;
          continue;
        }
        const length = shardLength(stripe, volume.code);
        for (const [slot, node] of volume.members.entries()) {
          const inKey = slotInKeys(volume.code, slot);
          const { blob } = record;
          const key = { volume: volume.id, blob, stripe: stripe.number, slot: inKey };
          yield { node, key, length };
        }
      }
    }
  }

  /**
   * What nodes that hold these files lack of them; of a node that is down, or has lost something,
   * nothing can be said.
   */
  async lackOf(files: readonly FileEntry[]): Promise<string | undefined> {
    const volumes = await this.volumes();
    for (const due of this.due(files, volumes)) {
      if (typeof due === 'string') return due;
      const node = this.#cluster.nodes.find(({ id }) => id === due.node);
      if (node?.inside === undefined || node.hasLostDisk || this.#isFilling(due, volumes)) continue;
      if (!node.inside.store.has(due.key)) return `${due.node} lacks ${keyText(due.key)}`;
    }
    return undefined;
  }

  /** A blob that has lost its last name since `before` and isn't in the queue of garbage. */
  async unqueuedOf(
    before: readonly FileEntry[],
    files: readonly FileEntry[],
  ): Promise<string | undefined> {
    const blobs = (entries: readonly FileEntry[]) =>
      new Set<string>(entries.map(({ record }) => record.blob));
    const garbage = await this.entries(prefixes.garbage);
    const queued = new Set(garbage.map(({ key }) => key.slice(prefixes.garbage.length)));
    const [blob] = blobs(before).difference(blobs(files)).difference(queued);
    return blob;
  }

  /** Of what the node held, what it lacks now, is named, and should be there. */
  async lostOf(node: SimNode, held: readonly ShardKey[]): Promise<string | undefined> {
    const gone = new Set(held.filter((key) => !node.inside?.store.has(key)).map(keyText));
    if (gone.size === 0) return undefined;
    const volumes = await this.volumes();
    for (const due of this.due(await this.files(), volumes)) {
      if (typeof due === 'string' || due.node !== node.id || !gone.has(keyText(due.key))) continue;
      if (!this.#isFilling(due, volumes)) return keyText(due.key);
    }
    return undefined;
  }

  #isFilling({ node, key }: DueShard, volumes: ReadonlyMap<VolumeId, VolumeRecord>): boolean {
    const volume = volumes.get(key.volume);
    const slot = volume?.members.indexOf(nodeId(node)) ?? -1;
    return volume === undefined || volume.rebuilding.includes(slot);
  }

  /** Why the cluster isn't whole, and, if it is asked for, rid of garbage; undefined: it is. */
  async flaw(withGarbage: boolean): Promise<string | undefined> {
    const { present: nodes, areAllServing } = this.#cluster;
    if (!areAllServing) return 'not all nodes are in the cluster';
    const [files, volumes] = [await this.files(), await this.volumes()];
    const used = new Set(files.flatMap(({ record }) => record.extents.map(({ volume }) => volume)));
    for (const { id, members, rebuilding, incoming } of volumes.values()) {
      if (rebuilding.length > 0) return `volume ${id} is being rebuilt`;
      if (incoming.length > 0) return `volume ${id} gets a new member`;
      const stranger = members.find((member) => !nodes.some((node) => node.id === member));
      if (stranger !== undefined) return `volume ${id} has a member ${stranger}`;
      if (members.length < copiesWanted) return `volume ${id} is on ${members.length} nodes only`;
      if (members.length >= nodes.length && used.has(id)) return `volume ${id} is on all nodes`;
    }
    const wanted = new Set<string>();
    for (const due of this.due(files, volumes)) {
      if (typeof due === 'string') return due;
      const node = nodes.find(({ id }) => id === due.node);
      wanted.add(`${due.node} ${keyText(due.key)}`);
      if (!node?.inside?.store.has(due.key)) return `${due.node} lacks ${keyText(due.key)}`;
    }
    return withGarbage ? this.#leftover(wanted) : undefined;
  }

  /** What nobody needs any more and is there. */
  async #leftover(wanted: ReadonlySet<string>): Promise<string | undefined> {
    const [garbage] = await this.entries(prefixes.garbage);
    if (garbage !== undefined) return `${garbage.key} is in the queue of garbage`;
    const named = new Set((await this.files()).map(({ record }) => record.blob));
    const sessions = await this.entries(prefixes.liveness);
    const living = new Set(sessions.map(({ createRevision }) => createRevision));
    // While its writer lives, nobody can know that a blob gets no name.
    const isOpen = (blob: BlobId) => !named.has(blob) && living.has(sessionOfBlob(blob));
    for (const { id, inside } of this.#cluster.present) {
      for (const { key } of inside?.store.list(undefined, 1_000_000) ?? []) {
        const isNeeded = wanted.has(`${id} ${keyText(key)}`) || isOpen(key.blob);
        if (!isNeeded) return `${id} still has ${keyText(key)}`;
      }
    }
    return undefined;
  }
}

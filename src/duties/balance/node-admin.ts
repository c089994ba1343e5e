/**
 * What an operator does with nodes. Whether something counts on a node is read from the volumes'
 * records, and what was judged by is compared when it is done: two operators at a time, or a move
 * meanwhile, can't make it wrong.
 */
import { DftfsError } from '#base/errors.ts';
import type { NodeId } from '#base/ids.ts';
import type { ClusterMap, NodeRecord } from '#cluster/cluster-map.ts';
import { type Compare, type Kv, type KvEntry, type KvOp, prefixSpan } from '#kv/kv.ts';
import type { Logger } from '#observe/log.ts';
import { drainKey, livenessKey, nodeKey, prefixes } from '#protocol/keys.ts';
import { decodeVolume } from '#protocol/volumes.ts';
import type { FactsBook } from '../facts/facts-book.ts';
import {
  adviseStop,
  againstDraining,
  againstRemoval,
  slotsOn,
  unreadableOf,
} from './judge-node.ts';

export interface NodeAdminDeps {
  readonly kv: Pick<Kv, 'get' | 'range' | 'txn'>;
  readonly map: Pick<ClusterMap, 'nodes' | 'isLive'>;
  readonly facts: Pick<FactsBook, 'read'>;
  readonly log: Logger;
}

const callTimeoutMs = 2000;
const pageLimit = 1000;
const triesMax = 5;

interface Listed {
  readonly entries: readonly KvEntry[];
  readonly revision: number;
}

export class NodeAdmin {
  readonly #deps: NodeAdminDeps;

  constructor(deps: NodeAdminDeps) {
    this.#deps = deps;
  }

  async describe(id: NodeId): Promise<Record<string, unknown>> {
    const record = this.#record(id);
    const [draining, slots, facts] = await Promise.all([
      this.#deps.kv.get(drainKey(id), { timeoutMs: callTimeoutMs }),
      this.#slots(id),
      this.#deps.facts.read(),
    ]);
    const disk = facts.get(id)?.disk;
    const node = { id, live: this.#deps.map.isLive(id), draining: draining !== undefined };
    return {
      ...{ ...node, zone: record.zone, slots: slots.count },
      ...{ bytes: disk?.liveBytes ?? null, capacityBytes: record.capacityBytes },
      ...adviseStop(node, slots.count, slots.unreadable),
    };
  }

  async drain(id: NodeId): Promise<Record<string, unknown>> {
    this.#record(id);
    const key = drainKey(id);
    await this.#decide(async () => {
      const marks = await this.#list(prefixes.drain);
      const draining = new Set(marks.entries.map((entry) => entry.key));
      if (draining.has(key)) return undefined;
      const refusal = againstDraining(
        id,
        await this.#judged((node) => draining.has(drainKey(node))),
      );
      if (refusal !== undefined) throw new DftfsError('drain_refused', refusal);
      return {
        compare: [isKnown(id), unchangedSince(prefixes.drain, marks)],
        then: [{ kind: 'put', key, value: Buffer.alloc(0) }],
      };
    });
    this.#deps.log.info('node is to be emptied', { drained: id });
    return await this.describe(id);
  }

  async undrain(id: NodeId): Promise<Record<string, unknown>> {
    this.#record(id);
    await this.#decide(async () => ({
      compare: [],
      then: [{ kind: 'delete', start: drainKey(id) }],
    }));
    this.#deps.log.info('node stays', { undrained: id });
    return await this.describe(id);
  }

  async remove(id: NodeId): Promise<Record<string, unknown>> {
    this.#record(id);
    const { kv, log } = this.#deps;
    await this.#decide(async () => {
      const { count, volumes } = await this.#slots(id);
      const alive = await kv.get(livenessKey(id), { timeoutMs: callTimeoutMs });
      const refusal = againstRemoval(id, alive !== undefined, count);
      if (refusal !== undefined) throw new DftfsError('removal_refused', refusal);
      const isDead = { start: livenessKey(id), field: 'version', relation: '=', value: 0 } as const;
      return {
        compare: [isKnown(id), isDead, unchangedSince(prefixes.volume, volumes)],
        then: [
          { kind: 'delete', start: nodeKey(id) },
          { kind: 'delete', start: drainKey(id) },
        ],
      };
    });
    log.info('node removed', { removed: id });
    return { id, removed: true };
  }

  #record(id: NodeId): NodeRecord {
    const found = this.#deps.map.nodes().find((node) => node.id === id);
    if (found !== undefined) return found;
    throw new DftfsError('node_not_found', `The cluster has no node ${id}.`);
  }

  async #judged(isDraining: (node: NodeId) => boolean) {
    const { map, facts } = this.#deps;
    const known = await facts.read();
    return map.nodes().map(({ id, capacityBytes }) => ({
      ...{ id, capacityBytes, live: map.isLive(id), draining: isDraining(id) },
      disk: known.get(id)?.disk,
    }));
  }

  async #slots(id: NodeId) {
    const volumes = await this.#list(prefixes.volume);
    const records = volumes.entries.map(({ value }) => decodeVolume(value));
    const unreadable = unreadableOf(records, (node) => this.#deps.map.isLive(node));
    return { count: slotsOn(id, records), unreadable, volumes };
  }

  /** All that begins so, at one revision. */
  async #list(prefix: string): Promise<Listed> {
    const entries: KvEntry[] = [];
    let { start, end } = prefixSpan(prefix);
    let revision: number | undefined;
    for (let more = true; more; ) {
      const at = revision === undefined ? {} : { revision };
      const range = { start, end, limit: pageLimit, ...at };
      const page = await this.#deps.kv.range(range, { timeoutMs: callTimeoutMs });
      revision ??= page.revision;
      entries.push(...page.entries);
      start = `${page.entries.at(-1)?.key}\0`;
      more = page.more;
    }
    return { entries, revision: revision ?? 0 };
  }

  /** Judges and does it, anew while others change what it was judged by. Undefined: it is done. */
  async #decide(
    judge: () => Promise<{ compare: readonly Compare[]; then: readonly KvOp[] } | undefined>,
  ): Promise<void> {
    for (let tries = 0; tries < triesMax; tries++) {
      const step = await judge();
      if (step === undefined) return;
      const { succeeded } = await this.#deps.kv.txn(
        { ...step, else: [] },
        { timeoutMs: callTimeoutMs },
      );
      if (succeeded) return;
    }
    throw new DftfsError('volume_changed', 'Too much changes meanwhile: try again.');
  }
}

const isKnown = (id: NodeId): Compare => ({
  ...{ start: nodeKey(id), field: 'version', relation: '>', value: 0 },
});

/** Nothing was written there since it was listed; what was deleted there does no harm. */
const unchangedSince = (prefix: string, { revision }: Listed): Compare => ({
  ...prefixSpan(prefix),
  ...{ field: 'mod', relation: '<', value: revision + 1 },
});

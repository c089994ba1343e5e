/** What goes on, as far as it is known now; `picture` is how it looks at a moment. */
import { findProcess } from '#app/local/process-record.ts';
import type { LocalCluster } from '../test/support/local-cluster.ts';
import { type ClusterView, marginWanted } from '../test/support/protection.ts';
import { Harms } from './harms.ts';
import { Ledger } from './ledger.ts';
import type { EventKind, Picture, Safety, ShownEvent, ShownProcess } from './picture.ts';
import { Tally } from './tally.ts';

/** More than the widest frame shows. */
const momentsShown = 120;
const eventsMax = 100;

export class Scene {
  readonly harms = new Harms();
  readonly ledger = new Ledger();
  readonly tally: Tally;
  phase = 'loading';
  readonly #cluster: LocalCluster;
  readonly #hear: (event: ShownEvent) => void;
  readonly #beganMs = performance.now();
  readonly #events: ShownEvent[] = [];
  #view: ClusterView | undefined;
  /** The most there was to do since there was nothing to do. */
  #repairBytesMost = 0;

  constructor(cluster: LocalCluster, hear: (event: ShownEvent) => void) {
    this.#cluster = cluster;
    this.#hear = hear;
    this.tally = new Tally(this.#beganMs);
  }

  get elapsedMs(): number {
    return performance.now() - this.#beganMs;
  }

  tell(kind: EventKind, text: string): void {
    const event = { atMs: this.elapsedMs, kind, text };
    this.#events.push(event);
    if (this.#events.length > eventsMax) this.#events.shift();
    this.tally.mark(kind, performance.now());
    this.#hear(event);
  }

  /** What a node has said of the cluster. */
  see(view: ClusterView): void {
    this.#view = view;
    const left = bytesLeft(view);
    this.#repairBytesMost = left === 0 ? 0 : Math.max(this.#repairBytesMost, left);
  }

  picture(): Picture {
    const now = performance.now();
    const { url, nodeUrls, etcdUrls } = this.#cluster;
    return {
      url,
      phase: this.phase,
      elapsedMs: this.elapsedMs,
      nodes: [...nodeUrls.keys()].map((name) => this.#process(name)),
      etcd: [...etcdUrls.keys()].map((name) => this.#process(name)),
      moments: this.tally.moments(now, momentsShown),
      counts: this.tally.counts,
      now: this.tally.now(now),
      files: { acknowledged: this.ledger.acknowledged.length, bytes: this.ledger.bytes },
      safety: this.#safety(),
      events: this.#events.slice(),
    };
  }

  #process(name: string): ShownProcess {
    const state = findProcess(this.#cluster.data, name)?.state ?? 'dead';
    const leader = this.#view?.names.members.find(({ leader }) => leader)?.endpoint;
    return { name, state, isLeader: leader === this.#cluster.etcdUrls.get(name) };
  }

  #safety(): Safety | undefined {
    if (this.#view === undefined) return undefined;
    const { nodes, volumes, repair } = this.#view;
    const left = bytesLeft(this.#view);
    return {
      wanted: marginWanted(nodes.filter(({ live }) => live).length),
      volumes: new Map(Object.entries(volumes).map(([margin, some]) => [Number(margin), some])),
      repair:
        left === 0
          ? undefined
          : {
              bytesLeft: left,
              bytesPerSecond: repair?.bytesPerSecond ?? 0,
              share: 1 - left / Math.max(left, this.#repairBytesMost),
            },
    };
  }
}

const bytesLeft = ({ repair, protection }: ClusterView): number =>
  (repair?.bytesLeft ?? 0) + (protection?.moving.bytesLeft ?? 0);

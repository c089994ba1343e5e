/** One machine of a simulated cluster, and the product's own node on it, life after life. */
import type { DutyPace } from '#app/duty-pace.ts';
import { type NodeInside, NodeProcess, nodeTuning } from '#app/node-process.ts';
import { nodeId } from '#base/ids.ts';
import type { NodeConfig } from '#config/node-config.ts';
import type { Logger } from '#observe/log.ts';
import type { ShardKey } from '#protocol/shards.ts';
import { MemoryIndexFactory } from '#storage/memory-index.ts';
import type { ShardPlace } from '#storage/shard-index.ts';
import type { Dice } from './world/dice.ts';
import { type DiskCopy, SimDisk } from './world/disk.ts';
import { EngineClient } from './world/engine-client.ts';
import { EngineUpkeep, engineQuotaBytes } from './world/engine-upkeep.ts';
import type { NamesEngine } from './world/names-engine.ts';
import type { SimNetwork } from './world/network.ts';
import { type ClockFaults, SimProcess } from './world/process.ts';
import { simIndexFactory } from './world/sim-index.ts';

export interface SimNodeParts {
  readonly network: SimNetwork;
  readonly engine: NamesEngine;
  readonly dice: Dice;
  readonly log: (node: string) => Logger;
  /** A node ended by itself. */
  readonly onExit: (node: SimNode, error: unknown) => void;
  /** A node serves, and has done nothing else yet. */
  readonly onServing: (node: SimNode) => void;
  readonly probeEveryMs: number;
  readonly repairDelayMs: number;
  readonly segmentBytesMax: number;
}

const readGraceMs = 5000;
/** Longer than anything that is late here can be late. */
const traceMs = 40_000;
const pace: DutyPace = {
  idleMs: 2000,
  traceMs,
  walkPauseMs: 15_000,
  auditPauseMs: 20_000,
  volumePauseMs: 4000,
};
const secret = Buffer.alloc(32, 7);
const clusterId = '0123456789abcdef'.repeat(2);

export class SimNode {
  readonly id: string;
  readonly disk: SimDisk;
  clockFaults: ClockFaults = { drift: 1, skewMs: 0 };
  process: SimProcess | undefined;
  /** What clients reach; undefined while it doesn't serve. */
  inside: NodeInside | undefined;
  /** A machine that never comes back, whoever would start it. */
  isLost = false;
  /** What was on it may be gone. */
  hasLostDisk = false;
  /** What its store held when it was killed or lost its power: acknowledged, so there for good. */
  heldAtDeath: readonly ShardKey[] = [];
  requests = 0;
  lives = 0;
  readonly #parts: SimNodeParts;
  #indexes = new MemoryIndexFactory();
  #node: NodeProcess | undefined;
  #stopping: AbortController | undefined;

  constructor(id: string, parts: SimNodeParts) {
    this.id = id;
    this.#parts = parts;
    this.disk = new SimDisk(parts.network.scheduler, parts.dice.split(`disk ${id}`));
  }

  get isUp(): boolean {
    return this.process !== undefined && !this.process.isDead;
  }

  get isServing(): boolean {
    return this.isUp && this.inside !== undefined;
  }

  /** Unless it runs, or is lost for good. */
  start(): void {
    if (this.isUp || this.isLost) return;
    const { network, engine, dice, log } = this.#parts;
    this.lives += 1;
    const life = `${this.id} life ${this.lives}`;
    const process = new SimProcess(network.scheduler, life, dice.split(life), this.clockFaults);
    const { clock, timers, random } = process;
    const disk = this.disk.of(process);
    const world = { clock, timers, random, disk, network: network.of(process, this.id) };
    network.powerOn(this.id);
    this.process = process;
    this.#stopping = new AbortController();
    this.#node = new NodeProcess(world, this.#config(), secret, log(this.id), {
      connectKv: () => new EngineClient(engine, process, this.id),
      connectMaintenance: () => new EngineUpkeep(engine, process),
      indexFactory: simIndexFactory(this.#indexes, this.disk, process),
      segmentBytesMax: this.#parts.segmentBytesMax,
      openDoors: async (inside) => this.#openDoors(process, inside),
      tuning: { ...nodeTuning, probeEveryMs: this.#parts.probeEveryMs, duties: pace },
    });
    this.#node.start(this.#stopping.signal).catch((error: unknown) => {
      if (this.process !== process || process.isDead) return;
      this.kill();
      this.#parts.onExit(this, error);
    });
  }

  /** As SIGKILL does: the kernel lives on. */
  kill(): void {
    if (this.process === undefined) return;
    const { store } = this.inside ?? {};
    if (store !== undefined) {
      this.heldAtDeath = store.list(undefined, 1_000_000).map(({ key }) => key);
    }
    this.process.die();
    this.#parts.network.processDied(this.process);
    this.#gone();
  }

  /** As SIGTERM does. */
  async stop(): Promise<void> {
    const process = this.process;
    this.#stopping?.abort();
    await this.#node?.close();
    if (process === this.process) this.kill();
  }

  cutPower(): void {
    this.#parts.network.powerOff(this.id);
    this.kill();
    this.disk.cutPower();
  }

  /** A new, empty disk. The node must be down. */
  wipe(): void {
    this.disk.wipe();
    this.heldAtDeath = [];
    this.#indexes = new MemoryIndexFactory();
  }

  /** Where the shards lie that its store holds, by what its index has committed. */
  async livePlaces(): Promise<readonly ShardPlace[]> {
    const index = await this.#indexes.open(`/${this.id}/store/index`);
    return index.list(undefined, 1_000_000, '').map(({ place }) => place);
  }

  /** The disk as it was. The index has to be made anew. The node must be down. */
  restore(copy: DiskCopy): void {
    this.disk.restore(copy);
    this.heldAtDeath = [];
    this.#indexes = new MemoryIndexFactory();
  }

  #gone(): void {
    this.process = undefined;
    this.inside = undefined;
    this.#node = undefined;
  }

  #openDoors(process: SimProcess, inside: NodeInside) {
    if (process === this.process) {
      this.inside = inside;
      this.#parts.onServing(this);
    }
    const requests = () => this.requests;
    return {
      get requestsBegun() {
        return requests();
      },
      close: () => {
        if (process === this.process) this.inside = undefined;
      },
    };
  }

  #config(): NodeConfig {
    const { id } = this;
    return {
      cluster: {
        id: clusterId,
        etcdEndpoints: ['http://etcd:1'],
        etcdQuotaBytes: engineQuotaBytes,
        era: 0,
        secretFile: '/secret',
        tokens: false,
        tlsCaFile: null,
        adminTokenFile: '/admin-token',
        leaseTtlMs: 3000,
        repairDelayMs: this.#parts.repairDelayMs,
        readGraceMs,
      },
      node: {
        id: nodeId(id),
        dataFolder: `/${id}`,
        requireMount: false,
        host: id,
        httpHost: null,
        tlsCertificateFile: '/tls.crt',
        tlsKeyFile: '/tls.key',
        httpsCertificateFile: null,
        httpsKeyFile: null,
        insecure: true,
        requestsPerTokenMax: 1,
        advertisedHost: null,
        rpcPort: 1,
        httpPort: 2,
        publicPort: null,
        publicFd: null,
        zone: 'local',
        capacityBytes: null,
        scrubBytesPerSecond: 8 * 1024 * 1024,
        scrubPauseMs: 20_000,
        logLevel: 'debug',
        metrics: false,
        auditLog: false,
        auditLogBytesMax: 8 * 1024 * 1024,
        traceEndpoint: null,
        traceSamplePercent: 0,
        stopDelayMs: 0,
      },
    };
  }
}

/**
 * This process's place in the cluster: its registration `n/<node>` and its liveness key `l/<node>`,
 * which is bound to a lease. Every commit compares the revision at which the liveness key was
 * created, so nothing that an ended session began can get a name, whatever this process believes
 * about the time.
 *
 * A lease that is gone (a pause, a partition) ends the session; a new one begins by itself. A node
 * that comes with another disk than it left with registers only when nobody counts on it any more.
 */
import { DftfsError, isCode } from '#base/errors.ts';
import type { NodeId } from '#base/ids.ts';
import type { Timer, Timers } from '#io/world.ts';
import type { Kv, KvEntry, LeaseId, OpResult } from '#kv/kv.ts';
import type { Logger } from '#observe/log.ts';
import { livenessKey, nodeKey } from '#protocol/keys.ts';
import type { Session } from './cluster-map.ts';
import { type DiskStanding, explanations, judgeDisk } from './disk-standing.ts';
import { distrustSlots } from './distrust.ts';
import { isEra } from './era.ts';
import { decodeRegistration, encodeRegistration, type NodeRegistration } from './registration.ts';

export interface SessionDeps {
  readonly kv: Kv;
  readonly timers: Timers;
  readonly log: Logger;
  /** Whose incarnation answers at this address now; undefined if nobody does. */
  readonly probe: (record: NodeRegistration) => Promise<string | undefined>;
}

export interface SessionOptions {
  readonly record: NodeRegistration;
  /** The disk was empty when this process opened it. */
  readonly diskIsNew: boolean;
  readonly leaseTtlMs: number;
  readonly era: number;
}

const callTimeoutMs = 2000;

export class NodeSession implements Session {
  readonly node: NodeId;
  revision: number | undefined;
  /** What this process's disk was taken for when it first registered; undefined: not yet. */
  standing: DiskStanding | undefined;
  private judged: DiskStanding | undefined;
  private readonly deps: SessionDeps;
  private readonly options: SessionOptions;
  private record: NodeRegistration;
  private lease: LeaseId | undefined;
  private timer: Timer | undefined;
  private closed = false;

  constructor(deps: SessionDeps, options: SessionOptions) {
    this.deps = deps;
    this.options = options;
    this.record = options.record;
    this.node = options.record.id;
  }

  /**
   * Registers; rejects if another living process has this node's name or the kv can't be reached.
   */
  async start(): Promise<void> {
    await this.register();
    this.schedule();
  }

  /** The disk is older now: who comes with a copy from before is known by it. */
  async announce(generation: number): Promise<void> {
    this.record = { ...this.record, generation };
    // Not registered now: the next registration says it.
    if (this.revision === undefined) return;
    await this.deps.kv.txn(
      {
        compare: [
          { start: livenessKey(this.node), field: 'create', relation: '=', value: this.revision },
        ],
        then: [{ kind: 'put', key: nodeKey(this.node), value: encodeRegistration(this.record) }],
        else: [],
      },
      { timeoutMs: callTimeoutMs },
    );
  }

  /** Ends the session at once, for everyone. */
  async close(): Promise<void> {
    this.closed = true;
    this.timer?.cancel();
    this.revision = undefined;
    if (this.lease === undefined) return;
    await this.deps.kv.revokeLease(this.lease, { timeoutMs: callTimeoutMs }).catch(() => {});
  }

  private schedule(): void {
    if (this.closed) return;
    this.timer = this.deps.timers.after(this.options.leaseTtlMs / 3, () => {
      void this.keepAlive().finally(() => this.schedule());
    });
  }

  private async keepAlive(): Promise<void> {
    try {
      if (this.lease === undefined) await this.register();
      else if (!(await this.deps.kv.keepLeaseAlive(this.lease, { timeoutMs: callTimeoutMs }))) {
        this.deps.log.warn('session ended: the lease is gone');
        this.lease = undefined;
        this.revision = undefined;
        await this.register();
      }
    } catch (error) {
      this.deps.log.warn('session not renewed', { error });
    }
  }

  private async register(): Promise<void> {
    const options = { timeoutMs: callTimeoutMs };
    const { kv, log } = this.deps;
    const key = livenessKey(this.node);
    const earlier = await kv.get(key, options);
    if (earlier !== undefined) await this.endEarlier(earlier);
    const last = await kv.get(nodeKey(this.node), options);
    await this.judge(last);
    const lease = await kv.grantLease(this.options.leaseTtlMs, options);
    const { succeeded, revision, results } = await kv.txn(
      {
        compare: [
          { start: key, field: 'version', relation: '=', value: 0 },
          isEra(this.options.era),
          // What the disk was judged by.
          {
            ...{ start: nodeKey(this.node), field: 'mod', relation: '=' },
            value: last?.modRevision ?? 0,
          },
        ],
        then: [
          { kind: 'put', key, value: Buffer.from(this.record.incarnation), lease },
          { kind: 'put', key: nodeKey(this.node), value: encodeRegistration(this.record) },
        ],
        else: [
          { kind: 'range', start: key },
          { kind: 'range', start: nodeKey(this.node) },
        ],
      },
      options,
    );
    if (!succeeded) throw this.notRegistered(results, last);
    if (this.closed) return void (await kv.revokeLease(lease, options));
    this.lease = lease;
    this.revision = revision;
    this.standing = this.judged;
    log.info('session began', { revision });
  }

  private async judge(last: KvEntry | undefined): Promise<void> {
    const { kv, log } = this.deps;
    const coming = { ...this.record, diskIsNew: this.options.diskIsNew };
    const standing = judgeDisk(last && decodeRegistration(last.value), coming);
    if (standing !== 'known') {
      const volumes = await distrustSlots(kv, this.node, await this.revisionNow());
      if (volumes === 0) log.info('the node begins with nothing', { standing });
      else log.warn(`${explanations[standing]} Its slots are filled anew.`, { standing, volumes });
    }
    this.judged ??= standing;
  }

  /** As a writing transaction sees it, for a plain read might be of the past. */
  private async revisionNow(): Promise<number> {
    const { era } = this.options;
    const start = livenessKey(this.node);
    const { succeeded, revision, results } = await this.deps.kv.txn(
      {
        compare: [{ start, field: 'version', relation: '=', value: 0 }, isEra(era)],
        then: [{ kind: 'delete', start }],
        else: [{ kind: 'range', start }],
      },
      { timeoutMs: callTimeoutMs },
    );
    if (succeeded) return revision;
    throw this.notRegistered(results);
  }

  /** `results`: who has the name now and, where `last` was compared, the registration. */
  private notRegistered([liveness, registration]: readonly OpResult[], last?: KvEntry) {
    const [alive] = entriesOf(liveness);
    const [stands] = registration === undefined ? [last] : entriesOf(registration);
    if (alive !== undefined || stands?.modRevision !== last?.modRevision) {
      return new DftfsError('session_lost', `another process registered as ${this.node}`);
    }
    const { era } = this.options;
    const detail = `the names are not those of era ${era}: start this node with current settings`;
    return new DftfsError('peer_refused', detail);
  }

  /**
   * A liveness key under our name: of a process before us that was killed, of our own try whose
   * answer was lost, or of a second process with the same identity. Only the last one answers.
   */
  private async endEarlier(earlier: KvEntry): Promise<void> {
    const { kv, probe } = this.deps;
    const { record } = this;
    const holder = earlier.value.toString();
    const registered = await kv.get(nodeKey(record.id), { timeoutMs: callTimeoutMs });
    if (holder !== record.incarnation && registered !== undefined) {
      const other = decodeRegistration(registered.value);
      if ((await probe(other)) === holder) {
        const where = `${other.host}:${other.port}`;
        throw new DftfsError(
          'peer_refused',
          `another process already runs as ${record.id} at ${where}; stop it, or give this one its own data folder`,
        );
      }
    }
    await kv.txn(
      {
        compare: [{ start: earlier.key, field: 'mod', relation: '=', value: earlier.modRevision }],
        then: [{ kind: 'delete', start: earlier.key }],
        else: [],
      },
      { timeoutMs: callTimeoutMs },
    );
  }
}

export const isDuplicateIdentity = (error: unknown): boolean => isCode(error, 'peer_refused');

const entriesOf = (result: OpResult | undefined): readonly KvEntry[] =>
  result?.kind === 'range' ? result.entries : [];

/**
 * This process's place in the cluster: its registration `n/<node>` and its liveness key `l/<node>`,
 * which is bound to a lease. Every commit compares the revision at which the liveness key was
 * created, so nothing that an ended session began can get a name, whatever this process believes
 * about the time.
 *
 * A lease that is gone (a pause, a partition) ends the session; a new one begins by itself.
 */
import { DftfsError, isCode } from '#base/errors.ts';
import type { NodeId } from '#base/ids.ts';
import type { Timer, Timers } from '#io/world.ts';
import type { Kv, KvEntry, LeaseId, OpResult } from '#kv/kv.ts';
import type { Logger } from '#observe/log.ts';
import { livenessKey, nodeKey } from '#protocol/keys.ts';
import type { NodeRecord, Session } from './cluster-map.ts';
import { isEra } from './era.ts';
import { decodeNodeRecord, encodeNodeRecord } from './node-record.ts';

export interface SessionDeps {
  readonly kv: Kv;
  readonly timers: Timers;
  readonly log: Logger;
  /** Whose incarnation answers at this address now; undefined if nobody does. */
  readonly probe: (record: NodeRecord) => Promise<string | undefined>;
}

export interface SessionOptions {
  readonly record: NodeRecord;
  readonly leaseTtlMs: number;
  readonly era: number;
}

const callTimeoutMs = 2000;

export class NodeSession implements Session {
  readonly node: NodeId;
  revision: number | undefined;
  private readonly deps: SessionDeps;
  private readonly options: SessionOptions;
  private lease: LeaseId | undefined;
  private timer: Timer | undefined;
  private closed = false;

  constructor(deps: SessionDeps, options: SessionOptions) {
    this.deps = deps;
    this.options = options;
    this.node = options.record.id;
  }

  /**
   * Registers; rejects if another living process has this node's name or the kv can't be reached.
   */
  async start(): Promise<void> {
    await this.register();
    this.schedule();
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
    const { record, leaseTtlMs, era } = this.options;
    const key = livenessKey(record.id);
    const earlier = await kv.get(key, options);
    if (earlier !== undefined) await this.endEarlier(earlier);
    const lease = await kv.grantLease(leaseTtlMs, options);
    const { succeeded, revision, results } = await kv.txn(
      {
        compare: [{ start: key, field: 'version', relation: '=', value: 0 }, isEra(era)],
        then: [
          { kind: 'put', key, value: Buffer.from(record.incarnation), lease },
          { kind: 'put', key: nodeKey(record.id), value: encodeNodeRecord(record) },
        ],
        else: [{ kind: 'range', start: key }],
      },
      options,
    );
    if (!succeeded) throw notRegistered(key, era, results[0]);
    if (this.closed) return void (await kv.revokeLease(lease, options));
    this.lease = lease;
    this.revision = revision;
    log.info('session began', { revision });
  }

  /**
   * A liveness key under our name: of a process before us that was killed, of our own try whose
   * answer was lost, or of a second process with the same identity. Only the last one answers.
   */
  private async endEarlier(earlier: KvEntry): Promise<void> {
    const { kv, probe } = this.deps;
    const { record } = this.options;
    const holder = earlier.value.toString();
    const registered = await kv.get(nodeKey(record.id), { timeoutMs: callTimeoutMs });
    if (holder !== record.incarnation && registered !== undefined) {
      const other = decodeNodeRecord(registered.value);
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

function notRegistered(key: string, era: number, result: OpResult | undefined): DftfsError {
  if (result?.kind === 'range' && result.entries.length > 0) {
    return new DftfsError('session_lost', `${key} was taken by another process`);
  }
  const detail = `the names are not those of era ${era}: start this node with current settings`;
  return new DftfsError('peer_refused', detail);
}

export const isDuplicateIdentity = (error: unknown): boolean => isCode(error, 'peer_refused');

/**
 * Sends operations on names to the combiner, this node's own or another's, and takes them directly
 * to the kv when that fails, is slow, or can't be. Promises what every committer does, and rests it
 * on the direct way alone, which knows how to go on after a try whose outcome is open.
 */
import { DftfsError, isCode } from '#base/errors.ts';
import type { NodeId } from '#base/ids.ts';
import type { ClusterMap } from '#cluster/cluster-map.ts';
import type { Clock } from '#io/world.ts';
import type { RangeOp, RangeResult, Txn } from '#kv/kv.ts';
import { traced } from '#observe/request-scope.ts';
import type { RpcClient } from '#rpc/rpc.ts';
import type { CommitOptions, Committer, WriteRequest, WriteResult } from '../committer.ts';
import { Deadline } from '../deadline.ts';
import type { DirectWriteOptions } from '../direct-committer.ts';
import { bundlerDefaults } from './bundler.ts';
import type { Combiner } from './combiner.ts';
import {
  CombinerChoice,
  type CombinerChoiceOptions,
  combinerChoiceDefaults,
} from './combiner-choice.ts';
import type { NamesKind, NamesMetrics, NamesWay } from './names-metrics.ts';
import { patienceDefaults } from './patience.ts';
import { RemoteCombiner, type RemoteCombinerOptions } from './remote-combiner.ts';

export interface CombiningCommitterDeps {
  readonly direct: Committer & {
    write(request: WriteRequest, options: DirectWriteOptions): Promise<WriteResult>;
  };
  /** Of this node. */
  readonly combiner: Combiner;
  readonly rpc: Pick<RpcClient, 'call'>;
  readonly map: Pick<ClusterMap, 'live' | 'sessionOf' | 'onChange' | 'suspect'>;
  readonly clock: Clock;
  readonly metrics?: NamesMetrics | undefined;
}

export interface CombiningCommitterOptions extends RemoteCombinerOptions {
  readonly self: NodeId;
  readonly choice: CombinerChoiceOptions;
  /**
   * Operations with less time than this go directly: the detour would eat up what they need to be
   * settled.
   */
  readonly timeoutMsMin: number;
  /**
   * Larger operations go directly: a shared transaction saves them nothing, and they hold up the
   * others.
   */
  readonly keysMax: number;
  readonly valueBytesMax: number;
}

export const combiningDefaults: Omit<CombiningCommitterOptions, 'self'> = {
  bundles: bundlerDefaults,
  patience: patienceDefaults,
  choice: combinerChoiceDefaults,
  timeoutMsMin: 1500,
  keysMax: 64,
  valueBytesMax: 64 * 1024,
};

type CombinerPath = Pick<Combiner, 'read' | 'write'>;

/** Which way an operation has gone. */
interface Course {
  way: NamesWay;
}

export class CombiningCommitter implements Committer {
  readonly #deps: CombiningCommitterDeps;
  readonly #options: CombiningCommitterOptions;
  readonly #choice: CombinerChoice;
  #remote: RemoteCombiner | undefined;

  constructor(deps: CombiningCommitterDeps, options: CombiningCommitterOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#choice = new CombinerChoice(deps, options.choice);
  }

  close(): void {
    this.#choice.close();
  }

  /** The node this one sends to now, for status. Undefined: none is known, all goes directly. */
  get combinerNode(): NodeId | undefined {
    return this.#choice.current();
  }

  read(ranges: readonly RangeOp[], options: CommitOptions): Promise<readonly RangeResult[]> {
    return this.#observed('read', (course) => this.#read(ranges, options, course));
  }

  write(request: WriteRequest, options: CommitOptions): Promise<WriteResult> {
    return this.#observed('write', (course) => this.#write(request, options, course));
  }

  async #read(
    ranges: readonly RangeOp[],
    options: CommitOptions,
    course: Course,
  ): Promise<readonly RangeResult[]> {
    const deadline = new Deadline(this.#deps.clock, options.timeoutMs);
    const path = this.#isSmallRead(ranges) ? this.#path(options) : undefined;
    if (path !== undefined) {
      try {
        return await path.read(ranges, options);
      } catch (error) {
        if (!(error instanceof DftfsError)) throw error;
      }
    }
    course.way = path === undefined ? 'direct' : 'fallback';
    return this.#deps.direct.read(ranges, { ...options, timeoutMs: deadline.leftMs() });
  }

  async #write(
    request: WriteRequest,
    options: CommitOptions,
    course: Course,
  ): Promise<WriteResult> {
    const deadline = new Deadline(this.#deps.clock, options.timeoutMs);
    const path = this.#isSmallWrite(request) ? this.#path(options) : undefined;
    let maybeSent = false;
    if (path !== undefined) {
      try {
        return await path.write(request, options);
      } catch (error) {
        if (!(error instanceof DftfsError)) throw error;
        maybeSent = error.outcome !== 'none';
      }
    }
    course.way = path === undefined ? 'direct' : 'fallback';
    const timeoutMs = deadline.leftMs();
    return this.#deps.direct.write(request, { ...options, timeoutMs, maybeSent });
  }

  async #observed<R>(kind: NamesKind, run: (course: Course) => Promise<R>): Promise<R> {
    const { clock, metrics } = this.#deps;
    const course: Course = { way: 'combined' };
    const began = clock.now();
    try {
      return await traced(`names.${kind}`, () => run(course));
    } finally {
      metrics?.done(kind, course.way, clock.now() - began);
    }
  }

  #path({ timeoutMs }: CommitOptions): CombinerPath | undefined {
    if (timeoutMs < this.#options.timeoutMsMin) return undefined;
    const node = this.#choice.current();
    if (node === undefined) return undefined;
    if (node === this.#options.self) return this.#deps.combiner;
    if (this.#remote?.peer !== node) this.#remote = this.#newRemote(node);
    return this.#remote;
  }

  #newRemote(node: NodeId): RemoteCombiner {
    const { rpc, clock, map } = this.#deps;
    const onAnswer = (peer: NodeId) => this.#choice.worked(peer);
    const onFailure = (peer: NodeId, error: unknown) => {
      this.#choice.avoid(peer);
      if (isCode(error, 'peer_unreachable')) map.suspect(peer, error.message);
    };
    return new RemoteCombiner(node, { rpc, clock, onAnswer, onFailure }, this.#options);
  }

  /**
   * A lease that has ended or a revision that was compacted fails the whole transaction: never
   * shared.
   */
  #isSmallRead(ranges: Txn['else']): boolean {
    let entries = 0;
    for (const op of ranges) {
      if (op.kind !== 'range' || op.revision !== undefined) return false;
      entries += op.limit ?? 1;
    }
    return entries <= this.#options.keysMax;
  }

  #isSmallWrite({ txn }: WriteRequest): boolean {
    const { keysMax, valueBytesMax } = this.#options;
    if (txn.compare.length > keysMax || txn.then.length > keysMax) return false;
    let bytes = 0;
    for (const op of txn.then) {
      if (op.kind !== 'put') continue;
      if (op.lease !== undefined) return false;
      bytes += op.value.length;
    }
    return bytes <= valueBytesMax && this.#isSmallRead(txn.else);
  }
}

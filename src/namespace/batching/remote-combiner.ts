/** The combiner on another node, as this node reaches it. */
import { DftfsError, isCode } from '#base/errors.ts';
import type { NodeId } from '#base/ids.ts';
import type { Clock } from '#io/world.ts';
import type { RangeOp, RangeResult } from '#kv/kv.ts';
import { namesMethods } from '#protocol/names.ts';
import type { RpcClient } from '#rpc/rpc.ts';
import type { CommitOptions, WriteRequest, WriteResult } from '../committer.ts';
import { rangesBytes, txnBytes } from './batch-size.ts';
import { Bundler, type BundlerOptions } from './bundler.ts';
import { Patience, type PatienceOptions } from './patience.ts';
import { type Codec, decodeReply, encodeBundle, readCodec, writeCodec } from './wire.ts';

export interface RemoteCombinerDeps {
  readonly rpc: Pick<RpcClient, 'call'>;
  readonly clock: Clock;
  /** Every answer in time, and every message without one. */
  readonly onAnswer: (peer: NodeId) => void;
  readonly onFailure: (peer: NodeId, error: unknown) => void;
}

export interface RemoteCombinerOptions {
  readonly bundles: BundlerOptions;
  readonly patience: PatienceOptions;
}

export class RemoteCombiner {
  readonly peer: NodeId;
  readonly #deps: RemoteCombinerDeps;
  readonly #patience: Patience;
  readonly #reads: Bundler<readonly RangeOp[], readonly RangeResult[]>;
  readonly #writes: Bundler<WriteRequest, WriteResult>;

  constructor(peer: NodeId, deps: RemoteCombinerDeps, options: RemoteCombinerOptions) {
    this.peer = peer;
    this.#deps = deps;
    this.#patience = new Patience(options.patience);
    this.#reads = new Bundler(this.#sender(namesMethods.read, readCodec), options.bundles);
    this.#writes = new Bundler(this.#sender(namesMethods.write, writeCodec), options.bundles);
  }

  /**
   * Both end within twice the longest patience, whatever the options say, and tell what is known by
   * then.
   */
  read(ranges: readonly RangeOp[], { signal }: CommitOptions): Promise<readonly RangeResult[]> {
    return this.#reads.submit(ranges, rangesBytes(ranges), signal);
  }

  write(request: WriteRequest, { signal }: CommitOptions): Promise<WriteResult> {
    return this.#writes.submit(request, txnBytes(request.txn), signal);
  }

  #sender<T, R>(method: string, codec: Codec<T, R>) {
    return async (operations: readonly T[]) => {
      const { rpc, clock, onAnswer, onFailure } = this.#deps;
      const timeoutMs = this.#patience.waitMs;
      const sentAt = clock.now();
      try {
        const head = encodeBundle(codec, operations, timeoutMs);
        const reply = await rpc.call(this.peer, { method, head }, { timeoutMs });
        const outcomes = decodeReply(codec, reply.head, operations.length);
        this.#patience.observe(clock.now() - sentAt);
        onAnswer(this.peer);
        return outcomes;
      } catch (error) {
        if (!isCode(error, 'overloaded')) onFailure(this.peer, error);
        throw error instanceof DftfsError && error.code !== 'invalid_message'
          ? error
          : openOutcome(error);
      }
    };
  }
}

/** An answer that isn't understood says nothing about what was done. */
function openOutcome(cause: unknown): DftfsError {
  const detail = 'The combiner gave an answer that was not understood.';
  return new DftfsError('outcome_unknown', detail, { cause });
}

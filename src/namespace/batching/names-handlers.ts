/** The combiner's side of the names service. */
import { namesMethods } from '#protocol/names.ts';
import type { RpcHandler, RpcHandlers } from '#rpc/rpc.ts';
import type { CommitOptions } from '../committer.ts';
import type { Combiner } from './combiner.ts';
import type { Settled } from './lane.ts';
import { type Codec, decodeBundle, encodeReply, readCodec, writeCodec } from './wire.ts';

export function namesHandlers(combiner: Combiner): RpcHandlers {
  return {
    [namesMethods.read]: bundleHandler(readCodec, (ranges, options, settle) =>
      combiner.enqueueRead(ranges, options, settle),
    ),
    [namesMethods.write]: bundleHandler(writeCodec, (request, options, settle) =>
      combiner.enqueueWrite(request, options, settle),
    ),
  };
}

type Enqueue<T, R> = (
  operation: T,
  options: CommitOptions,
  settle: (outcome: Settled<R>) => void,
) => void;

/** Answers when every operation of the bundle is settled. */
function bundleHandler<T, R>(codec: Codec<T, R>, enqueue: Enqueue<T, R>): RpcHandler {
  return async (head, _body, { signal }) => {
    const { timeoutMs, operations } = decodeBundle(codec, head);
    const outcomes: Settled<R>[] = new Array(operations.length);
    await new Promise<void>((resolve) => {
      let open = operations.length;
      if (open === 0) resolve();
      operations.forEach((operation, i) => {
        enqueue(operation, { timeoutMs, signal }, (outcome) => {
          outcomes[i] = outcome;
          open -= 1;
          if (open === 0) resolve();
        });
      });
    });
    return { head: encodeReply(codec, outcomes) };
  };
}

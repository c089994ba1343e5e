/** This node's facts, for whoever asks. */
import { factsMethod, type NodeFacts, type RequestFacts } from '#protocol/node-facts.ts';
import type { RpcHandlers } from '#rpc/rpc.ts';
import type { ShardStore } from '#storage/shard-store.ts';
import type { VolumeTally } from './volume-tally.ts';

export interface FactsDeps {
  readonly store: Pick<ShardStore, 'stats'>;
  readonly standing: () => string | undefined;
  readonly tally: Pick<VolumeTally, 'bytes'>;
  readonly repairBytesPerSecond: () => number;
  readonly requests: () => RequestFacts | undefined;
  /** By the name of the duty. */
  readonly progress: () => Readonly<Record<string, unknown>>;
}

export function factsHandlers(deps: FactsDeps): RpcHandlers {
  return { [factsMethod]: async () => ({ head: await gatherFacts(deps) }) };
}

async function gatherFacts(deps: FactsDeps): Promise<NodeFacts> {
  const { store, standing, tally, repairBytesPerSecond, requests, progress } = deps;
  const { diskId, liveBytes, segmentBytes, freeBytes, totalBytes, full, fenced, ...rest } =
    await store.stats();
  return {
    disk: {
      ...{ diskId, standing: standing() ?? null },
      ...{ liveBytes, segmentBytes, freeBytes, totalBytes },
      ...{ full, fenced: fenced ?? null, slowestMs: rest.slowestMs, damaged: rest.damaged },
    },
    volumes: [...tally.bytes],
    repairBytesPerSecond: repairBytesPerSecond(),
    requests: requests(),
    duties: progress(),
  };
}

/** What a node holds of a volume, in pages. */
import type { NodeId, VolumeId } from '#base/ids.ts';
import type { ShardCalls } from '#blob/shard-calls.ts';
import type { HeldShard, ShardKey } from '#protocol/shards.ts';

const pageMax = 512;
const listTimeoutMs = 3000;

export async function* listVolume(
  shards: Pick<ShardCalls, 'list'>,
  node: NodeId,
  volume: VolumeId,
  signal: AbortSignal,
): AsyncGenerator<readonly HeldShard[], void, undefined> {
  let after: ShardKey | undefined;
  for (let isLast = false; !isLast; ) {
    const options = { timeoutMs: listTimeoutMs, signal };
    const page = await shards.list(node, volume, after, pageMax, options);
    isLast = page.length < pageMax;
    after = page.at(-1)?.key;
    yield page;
  }
}

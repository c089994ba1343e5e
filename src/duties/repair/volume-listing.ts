/** What a volume holds, in pages: as one of its members lists it, or as the names have it. */
import type { NodeId, VolumeId } from '#base/ids.ts';
import type { ShardCalls } from '#blob/shard-calls.ts';
import { shardLength, stripeRanges } from '#blob/stripes.ts';
import type { Kv } from '#kv/kv.ts';
import { readFilePage } from '#namespace/blob-facts.ts';
import type { HeldShard, ShardKey } from '#protocol/shards.ts';
import { slotInKeys, type VolumeRecord } from '#protocol/volumes.ts';

const pageMax = 512;
const timeoutMs = 3000;

export async function* listVolume(
  shards: Pick<ShardCalls, 'list'>,
  node: NodeId,
  volume: VolumeId,
  signal: AbortSignal,
): AsyncGenerator<readonly HeldShard[], void, undefined> {
  let after: ShardKey | undefined;
  for (let isLast = false; !isLast; ) {
    const options = { timeoutMs, signal };
    const page = await shards.list(node, volume, after, pageMax, options);
    isLast = page.length < pageMax;
    after = page.at(-1)?.key;
    yield page;
  }
}

/** All that has a name, as shards of one slot. */
export async function* listNamed(
  kv: Pick<Kv, 'range'>,
  volume: VolumeRecord,
  slot: number,
  signal: AbortSignal,
): AsyncGenerator<readonly HeldShard[], void, undefined> {
  let from: string | undefined;
  do {
    const { files, next } = await readFilePage(kv, from, pageMax, { timeoutMs, signal });
    yield files.flatMap(({ record }) =>
      [...stripeRanges(record, 0, record.size)]
        .filter(({ stripe }) => stripe.volume === volume.id)
        .map(({ stripe }) => ({
          key: {
            ...{ volume: volume.id, blob: record.blob, stripe: stripe.number },
            slot: slotInKeys(volume.code, slot),
          },
          length: shardLength(stripe, volume.code),
        })),
    );
    from = next;
  } while (from !== undefined);
}

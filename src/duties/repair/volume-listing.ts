/** What a volume holds, in pages: as one of its members lists it, or as the names have it. */
import { DftfsError } from '#base/errors.ts';
import type { NodeId, VolumeId } from '#base/ids.ts';
import type { ShardCalls } from '#blob/shard-calls.ts';
import { shardLength, stripeRanges } from '#blob/stripes.ts';
import type { KnownVolume } from '#cluster/cluster-map.ts';
import type { Kv } from '#kv/kv.ts';
import { readBlobPage } from '#namespace/blob-facts.ts';
import type { FileEntry } from '#namespace/records.ts';
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

/**
 * All that had a name when the volume became what it is, as shards of one slot: also what gets
 * another name while this goes on. Errors: names_unavailable, also for an answer that is older than
 * the volume's record.
 */
export async function* listNamed(
  kv: Pick<Kv, 'range' | 'txn'>,
  { record: volume, revision: since }: KnownVolume,
  slot: number,
  signal: AbortSignal,
): AsyncGenerator<readonly HeldShard[], void, undefined> {
  const options = { timeoutMs, signal };
  let from: string | undefined;
  do {
    const { files, next, revision } = await readBlobPage(kv, from, pageMax, options);
    if (revision < since) {
      throw new DftfsError('names_unavailable', 'The names engine answers with what was.');
    }
    yield files.flatMap((file) => [...shardsOf(file, volume, slot)]);
    from = next;
  } while (from !== undefined);
}

function* shardsOf(
  { record }: FileEntry,
  { id, code }: VolumeRecord,
  slot: number,
): Generator<HeldShard> {
  if (!record.extents.some(({ volume }) => volume === id)) return;
  for (const { stripe } of stripeRanges(record, 0, record.size)) {
    if (stripe.volume !== id) continue;
    const place = { volume: id, blob: record.blob, stripe: stripe.number };
    yield { key: { ...place, slot: slotInKeys(code, slot) }, length: shardLength(stripe, code) };
  }
}

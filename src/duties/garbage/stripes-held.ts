/** Which of some stripes a member of their volume holds its shard of. */
import type { BlobId, NodeId } from '#base/ids.ts';
import type { ShardCalls } from '#blob/shard-calls.ts';
import type { HeldShard, ShardKey } from '#protocol/shards.ts';
import { slotMax, stripeMax } from '#storage/shard-key.ts';

const pageMax = 2048;
/** A node that holds more than this in between isn't asked further. */
const pagesMax = 64;

export const stripeText = ({ blob, stripe }: ShardKey): string =>
  `${blob}/${stripe.toString(16).padStart(8, '0')}`;

/** `wanted` are shards of one volume, in the order of keys; the member holds others of them. */
export async function stripesHeld(
  shards: Pick<ShardCalls, 'list'>,
  { node, slot }: { readonly node: NodeId; readonly slot: number },
  wanted: readonly HeldShard[],
  options: Parameters<ShardCalls['list']>[4],
): Promise<ReadonlySet<string>> {
  const texts = new Set(wanted.map(({ key }) => stripeText(key)));
  const [first] = wanted;
  const last = wanted.at(-1);
  const held = new Set<string>();
  if (first === undefined || last === undefined) return held;
  let after = beforeStripe(first.key);
  for (let pages = 0; pages < pagesMax; pages++) {
    const page = await shards.list(node, first.key.volume, after, pageMax, options);
    for (const { key } of page) {
      const text = stripeText(key);
      if (key.slot === slot && texts.has(text)) held.add(text);
    }
    after = page.at(-1)?.key;
    const isEnd = page.length < pageMax || after === undefined;
    if (isEnd || stripeText(after as ShardKey) > stripeText(last.key)) break;
  }
  return held;
}

/** A key before all of the stripe, and after all before it. */
function beforeStripe({ volume, blob, stripe }: ShardKey): ShardKey | undefined {
  if (stripe > 0) return { volume, blob, stripe: stripe - 1, slot: slotMax };
  const number = BigInt(`0x${blob}`);
  if (number === 0n) return undefined;
  const previous = (number - 1n).toString(16).padStart(blob.length, '0') as BlobId;
  return { volume, blob: previous, stripe: stripeMax, slot: slotMax };
}

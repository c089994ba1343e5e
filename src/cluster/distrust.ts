/**
 * A node came with a disk that lacks what was on its last one: all of its slots are marked as being
 * rebuilt before it is live again, so that nobody counts on them. It keeps what it has, and fetches
 * the rest as any new member does.
 */
import { DftfsError } from '#base/errors.ts';
import type { NodeId } from '#base/ids.ts';
import { type Kv, type KvEntry, prefixSpan } from '#kv/kv.ts';
import { prefixes } from '#protocol/keys.ts';
import { decodeVolume, encodeVolume, type VolumeRecord } from '#protocol/volumes.ts';

const callTimeoutMs = 2000;
const pageLimit = 500;
const triesMax = 5;

/**
 * Returns in how many volumes. At `revision` the node's process was running and not live: what was
 * written to it since is on the new disk, and volumes that came to be since lack nothing.
 */
export async function distrustSlots(kv: Kv, node: NodeId, revision: number): Promise<number> {
  let marked = 0;
  const { start: first, end } = prefixSpan(prefixes.volume);
  let start = first;
  for (let more = true; more; ) {
    const page = await kv.range(
      { start, end, limit: pageLimit, revision },
      { timeoutMs: callTimeoutMs },
    );
    for (const entry of page.entries) marked += Number(await markIn(kv, node, entry));
    start = `${page.entries.at(-1)?.key}\0`;
    more = page.more;
  }
  return marked;
}

/**
 * Where the slot is marked already the record changes all the same: a commit under way may count on
 * a shard that the node acknowledged while it was filling the slot.
 */
function distrusted(record: VolumeRecord, node: NodeId): VolumeRecord | undefined {
  const { members, rebuilding, incoming, epoch } = record;
  const slot = members.indexOf(node);
  if (slot < 0 && !incoming.some((one) => one.node === node)) return undefined;
  const isWhole = slot >= 0 && !rebuilding.includes(slot);
  return { ...record, epoch: epoch + 1, rebuilding: isWhole ? [...rebuilding, slot] : rebuilding };
}

async function markIn(kv: Kv, node: NodeId, listed: KvEntry): Promise<boolean> {
  const { key } = listed;
  let entry: KvEntry | undefined = listed;
  for (let tries = 0; tries < triesMax && entry !== undefined; tries++) {
    const record = distrusted(decodeVolume(entry.value), node);
    if (record === undefined) return false;
    const { succeeded } = await kv.txn(
      {
        compare: [{ start: key, field: 'mod', relation: '=', value: entry.modRevision }],
        then: [{ kind: 'put', key, value: encodeVolume(record) }],
        else: [],
      },
      { timeoutMs: callTimeoutMs },
    );
    if (succeeded) return true;
    entry = await kv.get(key, { timeoutMs: callTimeoutMs });
  }
  if (entry === undefined) return false;
  throw new DftfsError('volume_changed', `${key} changes too often to be marked.`);
}

/**
 * A shard's key as text: 42 hex digits (blob 32, stripe 8, slot 2) that sort as (blob, stripe,
 * slot). Its 21 bytes are the key in the index and in a record's header.
 */
import type { BlobId } from '#base/ids.ts';
import type { ShardKey } from '#protocol/shards.ts';

export const shardKeyBytes = 21;
export const stripeMax = 0xffff_ffff;
export const slotMax = 0xff;

const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0');

export const shardKeyText = (key: ShardKey): string =>
  key.blob + hex(key.stripe, 8) + hex(key.slot, 2);

export const parseShardKey = (text: string): ShardKey => ({
  blob: text.slice(0, 32) as BlobId,
  stripe: Number.parseInt(text.slice(32, 40), 16),
  slot: Number.parseInt(text.slice(40), 16),
});

/** For messages to people. */
export const showShardKey = ({ blob, stripe, slot }: ShardKey): string =>
  `${blob} stripe ${stripe} slot ${slot}`;

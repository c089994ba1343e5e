/**
 * A shard's key as text: 58 hex digits (volume 16, blob 32, stripe 8, slot 2) that sort as (volume,
 * blob, stripe, slot). Its 29 bytes are the key in the index and in a record's header.
 */
import type { BlobId, VolumeId } from '#base/ids.ts';
import type { ShardKey } from '#protocol/shards.ts';

export const shardKeyBytes = 29;
/** So long is the beginning that says volume and blob. */
export const blobTextLength = 48;
export const stripeMax = 0xffff_ffff;
export const slotMax = 0xff;

const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0');

export const shardKeyText = (key: ShardKey): string =>
  key.volume + key.blob + hex(key.stripe, 8) + hex(key.slot, 2);

export const parseShardKey = (text: string): ShardKey => ({
  volume: text.slice(0, 16) as VolumeId,
  blob: text.slice(16, 48) as BlobId,
  stripe: Number.parseInt(text.slice(48, 56), 16),
  slot: Number.parseInt(text.slice(56), 16),
});

/** For messages to people. */
export const showShardKey = ({ volume, blob, stripe, slot }: ShardKey): string =>
  `${volume}/${blob} stripe ${stripe} slot ${slot}`;

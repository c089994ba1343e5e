/**
 * How often the names were restored from a backup. Every process is told by its settings, for the
 * driver of the kv has to know it before the first call; what the kv itself says is the judge, and
 * who was told otherwise may not register.
 */
import { type Compare, prefixEnd } from '#kv/kv.ts';
import { eraKey, eraPrefix } from '#protocol/keys.ts';

/** Holds in this era and in no other. */
export const isEra = (era: number): Compare =>
  era === 0
    ? { start: eraPrefix, end: prefixEnd(eraPrefix), field: 'version', relation: '=', value: 0 }
    : { start: eraKey(era), field: 'version', relation: '>', value: 0 };

/**
 * Revisions never come twice in a cluster's life. An engine that begins anew, because the names
 * were restored from a backup, begins to count anew; so it gets a new era, and drivers show its
 * revisions above all those of former eras. Whatever an old revision stood for (a session, a state
 * of a volume, a page of a listing) can't be mistaken for something of now.
 */
import assert from 'node:assert/strict';
import { eraMax } from '#base/limits.ts';

/** More than an engine counts to in its life. */
const revisionsInEra = 2 ** 44;

export function revisionBase(era: number): number {
  assert(Number.isSafeInteger(era) && era >= 0 && era <= eraMax, `not an era: ${era}`);
  return era * revisionsInEra;
}

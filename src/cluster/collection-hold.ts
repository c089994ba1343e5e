/**
 * After names were restored from a backup, what was put since lies on the nodes without a name,
 * and may be all that is left of it. So a restore leaves word that nothing is to be thrown away for
 * want of a name, until an operator says that it may.
 */
import type { CallOptions, Compare, Kv } from '#kv/kv.ts';
import { collectionHoldKey } from '#protocol/keys.ts';

/** For transactions that throw away: they don't happen while there is a hold. */
export const isCollectionFree: Compare = {
  start: collectionHoldKey,
  field: 'version',
  relation: '=',
  value: 0,
};

export async function isCollectionHeld(
  kv: Pick<Kv, 'get'>,
  options: CallOptions,
): Promise<boolean> {
  return (await kv.get(collectionHoldKey, options)) !== undefined;
}

/** False: there was no hold. */
export async function releaseCollection(
  kv: Pick<Kv, 'txn'>,
  options: CallOptions,
): Promise<boolean> {
  const release = { kind: 'delete', start: collectionHoldKey } as const;
  const { results } = await kv.txn({ compare: [], then: [release], else: [] }, options);
  const [result] = results;
  return result?.kind === 'delete' && result.deleted > 0;
}

/** What is done to two engines at once, drawn at random: all that the product does to one. */
import { revisionBase } from '#kv/eras.ts';
import type { Compare, KeySpan, KvOp, NestedTxn, RangeOp, Txn } from '#kv/kv.ts';
import type { Dice } from '../world/dice.ts';

/** A put of a transaction that is to be bound to a lease says which, by number. */
export type Step =
  | { readonly kind: 'txn'; readonly txn: Txn; readonly frees: boolean }
  /** The put is bound to a lease, perhaps one that is over. */
  | { readonly kind: 'bind'; readonly key: string; readonly lease: number }
  | { readonly kind: 'range'; readonly range: Omit<RangeOp, 'kind'> }
  | { readonly kind: 'grant' }
  | { readonly kind: 'keep-alive' | 'revoke'; readonly lease: number }
  | { readonly kind: 'compact'; readonly revision: number }
  | { readonly kind: 'watch'; readonly span: KeySpan; readonly fromRevision: number };

export interface StepsSoFar {
  readonly revision: number;
  readonly leases: number;
  readonly era: number;
  readonly compacted: number;
}

const keys = ['k/a', 'k/b', 'k/b/1', 'k/c', 'k/d', 'k/\ue000', 'k/😀'];
export const everything = { start: 'k/', end: 'k0' };
const revisionsBack = 40;
const depthMax = 3;

export function randomStep(dice: Dice, so: StepsSoFar): Step {
  const choice = dice.fraction();
  if (choice < 0.6) {
    return { kind: 'txn', txn: randomTxn(dice, so, 1), frees: dice.chance(0.5) };
  }
  if (choice < 0.75) return { kind: 'range', range: pastRange(dice, so) };
  if (choice < 0.85) {
    return { kind: 'watch', span: randomSpan(dice), fromRevision: watchable(dice, so) };
  }
  if (choice < 0.87) return { kind: 'compact', revision: pastRevision(dice, so) };
  if (choice < 0.9 || so.leases === 0) return { kind: 'grant' };
  const lease = dice.whole(Math.max(0, so.leases - 5), so.leases - 1);
  if (choice < 0.96) return { kind: 'bind', key: dice.oneOf(keys), lease };
  return { kind: choice < 0.98 ? 'keep-alive' : 'revoke', lease };
}

/** One that may be forgotten already, or just not. */
function pastRevision(dice: Dice, { revision, era }: StepsSoFar): number {
  const back = Math.floor(dice.skewed(0, revisionsBack));
  return Math.max(revisionBase(era) + 1, revision - back);
}

/** etcd forgets at some time after a compaction what was deleted in the very revision kept. */
function watchable(dice: Dice, so: StepsSoFar): number {
  const revision = pastRevision(dice, so);
  return revision === so.compacted ? revision + 1 : revision;
}

function pastRange(dice: Dice, so: StepsSoFar): Omit<RangeOp, 'kind'> {
  const past = dice.chance(0.7) ? { revision: pastRevision(dice, so) } : {};
  const limit = dice.whole(1, keys.length);
  return { ...randomSpan(dice), limit, keysOnly: dice.chance(0.3), ...past };
}

function randomSpan(dice: Dice): KeySpan {
  const choice = dice.fraction();
  if (choice < 0.3) return everything;
  const start = dice.oneOf(keys);
  return choice < 0.7 ? { start } : { start, end: dice.oneOf(keys) };
}

function randomTxn(dice: Dice, so: StepsSoFar, depth: number): Txn {
  const list = <T>(most: number, make: () => T): T[] =>
    Array.from({ length: dice.whole(0, most) }, make);
  const step = () =>
    depth < depthMax && dice.chance(0.2) ? nested(dice, so, depth + 1) : randomOp(dice);
  return {
    compare: list(2, () => randomCompare(dice, so)),
    then: list(3, step),
    else: list(2, step),
  };
}

const nested = (dice: Dice, so: StepsSoFar, depth: number): NestedTxn => ({
  kind: 'txn',
  ...randomTxn(dice, so, depth),
});

function randomCompare(dice: Dice, { revision, era }: StepsSoFar): Compare {
  const field = dice.oneOf(['version', 'mod', 'create'] as const);
  const relation = dice.oneOf(['=', '!=', '<', '>'] as const);
  const recent = Math.max(0, revision - Math.floor(dice.skewed(0, revisionsBack)));
  const value = dice.oneOf([0, dice.whole(1, 4), recent, revisionBase(era)]);
  return { ...randomSpan(dice), field, relation, value };
}

function randomOp(dice: Dice): KvOp {
  const choice = dice.fraction();
  if (choice < 0.5)
    return { kind: 'put', key: dice.oneOf(keys), value: dice.bytes(dice.whole(0, 4)) };
  if (choice < 0.7) return { kind: 'delete', ...randomSpan(dice) };
  const limit = dice.whole(1, 4);
  return { kind: 'range', ...randomSpan(dice), limit, keysOnly: dice.chance(0.3) };
}

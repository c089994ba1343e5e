/**
 * Whether the disk that a node comes with holds what the cluster believes it to hold. What a node
 * acknowledged stays with it only if it comes back with the very disk, and not with an earlier copy
 * of it.
 */
import type { NodeRegistration } from './registration.ts';

/**
 * 'known': as it left. 'new': a node nobody knows. The others hold less than the cluster believes.
 * 'wiped': empty now. 'swapped': another than the one last used. 'outdated': an older copy of it.
 */
export type DiskStanding = 'known' | 'new' | 'wiped' | 'swapped' | 'outdated';

export interface ComingNode
  extends Pick<NodeRegistration, 'incarnation' | 'diskId' | 'generation'> {
  /** The disk was empty when this process opened it. */
  readonly diskIsNew: boolean;
}

/** `last`: the registration that stands, if any. */
export function judgeDisk(last: NodeRegistration | undefined, coming: ComingNode): DiskStanding {
  if (last === undefined) return 'new';
  // This very process registered before: its session ended, or an answer was lost.
  if (last.incarnation === coming.incarnation) return 'known';
  if (last.diskId !== coming.diskId) return coming.diskIsNew ? 'wiped' : 'swapped';
  // Opening it made it older by one. Who doesn't exceed what stands was copied before that.
  return coming.generation > last.generation ? 'known' : 'outdated';
}

export const explanations: Readonly<Record<Exclude<DiskStanding, 'known'>, string>> = {
  new: 'The cluster knows no node of this name: what is on the disk counts for nothing.',
  wiped:
    'The disk is empty, and the node held data before: it was wiped or replaced, or is not mounted.',
  swapped: 'The disk is not the one that the node last ran on.',
  outdated: 'The disk is an older copy of the one that the node last ran on.',
};

/** What is odd about a node, in words. Pure. */
import type { ClusterNode } from '#client/index.ts';

export function notesOn({ live, disk }: ClusterNode): string[] {
  if (disk === undefined) return live ? ['gave no answer'] : [];
  return [
    ...(disk.full ? ['disk full'] : []),
    ...(disk.fenced === null ? [] : [`writes nothing: ${disk.fenced}`]),
    ...(isStrange(disk.standing) ? [`its disk was ${disk.standing} when it came`] : []),
    ...(disk.damaged > 0 ? [`${disk.damaged} shards damaged`] : []),
  ];
}

const isStrange = (standing: string | null): boolean =>
  standing !== null && standing !== 'known' && standing !== 'new';

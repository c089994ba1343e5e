/** What this page knows of the cluster, as of the last look. Components read it. */
import { signal } from '@preact/signals';
import type { Event } from '#cli/cluster/compare-statuses.ts';
import type { ClusterStatus } from '#client/cluster-status.ts';
import type { Traffic } from './traffic.ts';

export interface Sample extends Traffic {
  /** Wall clock, in seconds. */
  readonly at: number;
}

export interface LoggedEvent extends Event {
  readonly number: number;
  readonly at: Date;
}

export const status = signal<ClusterStatus | undefined>(undefined);
/** Requests of each node a second. */
export const perSecondByNode = signal<ReadonlyMap<string, number>>(new Map());
export const samples = signal<readonly Sample[]>([]);
export const events = signal<readonly LoggedEvent[]>([]);
/** Why this page may not look; undefined: it may, or doesn't know yet. */
export const refusal = signal<string | undefined>(undefined);
/** Since when nobody answers; undefined: somebody does. */
export const silentSince = signal<number | undefined>(undefined);

/** Whoever comes next sees nothing of what others saw. */
export function forget(): void {
  status.value = undefined;
  refusal.value = undefined;
  silentSince.value = undefined;
  perSecondByNode.value = new Map();
  samples.value = [];
  events.value = [];
}

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
/** Since when nobody answers; undefined: somebody does. */
export const silentSince = signal<number | undefined>(undefined);

/** What operators ask of a cluster. */
import type { ClusterStatus } from '#client/cluster-status.ts';
import { json } from './http.ts';

export interface NodeAdvice {
  readonly id: string;
  readonly draining: boolean;
  readonly slots: number;
  readonly safeToStop: boolean;
  readonly reason: string;
}

const statusTimeoutMs = 1500;

/** Tried once: whoever looks every second has something better to do than to repeat. */
export const readStatus = (): Promise<ClusterStatus> =>
  json('/-/cluster', { triesMax: 1, timeoutMs: statusTimeoutMs });

const page = (node: string): string => `/-/nodes/${encodeURIComponent(node)}`;

export const adviceOn = (node: string): Promise<NodeAdvice> => json(page(node));

export const drain = (node: string): Promise<NodeAdvice> =>
  json(`${page(node)}/drain`, { method: 'POST' });

export const undrain = (node: string): Promise<NodeAdvice> =>
  json(`${page(node)}/undrain`, { method: 'POST' });

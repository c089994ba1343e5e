/** What checks find. */
import type { LocalCluster } from '../../support/local-cluster.ts';
import type { Ledger } from '../clients/ledger.ts';

export interface Audited {
  readonly cluster: LocalCluster;
  readonly ledger: Ledger;
  /** Each node's own. */
  readonly doors: readonly string[];
}

export interface Found {
  /** Acknowledged and not there. */
  readonly lost: readonly string[];
  /** Answered otherwise than anything excuses. */
  readonly wrong: readonly string[];
  readonly readBack: number;
}

export const nothingFound: Found = { lost: [], wrong: [], readBack: 0 };

export const together = (found: readonly Found[]): Found => ({
  lost: found.flatMap(({ lost }) => lost),
  wrong: found.flatMap(({ wrong }) => wrong),
  readBack: found.reduce((sum, { readBack }) => sum + readBack, 0),
});

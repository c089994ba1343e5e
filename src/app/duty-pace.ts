/**
 * How long the duties wait and rest. Constants of the product; a simulation, which can't wait for
 * minutes, has shorter ones.
 */
import { auditNamesDefaults } from '#duties/garbage/audit-names.ts';
import { findOrphansDefaults } from '#duties/garbage/find-orphans.ts';
import { operationSweepDefaults } from '#namespace/batching/operation-sweep.ts';

export interface DutyPace {
  /** Until a duty that had nothing to do is called again. */
  readonly idleMs: number;
  /** Markers of operations, and of deleted blobs, stay so long: later than the last late try. */
  readonly traceMs: number;
  /** Between two walks over what a node holds. */
  readonly walkPauseMs: number;
  /** Between two walks over all names. */
  readonly auditPauseMs: number;
  /** From one look at a volume that is to be emptied or removed to the next. */
  readonly volumePauseMs: number;
}

export const dutyPace: DutyPace = {
  idleMs: 1000,
  traceMs: operationSweepDefaults.ageMs,
  walkPauseMs: findOrphansDefaults.roundPauseMs,
  auditPauseMs: auditNamesDefaults.roundPauseMs,
  volumePauseMs: 10_000,
};

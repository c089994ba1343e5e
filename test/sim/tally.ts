/** What many runs came to, taken together. */
import type { Outcome } from './simulate.ts';

export interface Tally {
  readonly seeds: number;
  readonly failedSeeds: number;
  readonly violations: number;
  readonly operations: number;
  /** Of these, in histories that took too long to judge. */
  readonly undecided: number;
  readonly events: number;
  readonly virtualMs: number;
  /** By kind, in the order of the alphabet. */
  readonly faults: Readonly<Record<string, number>>;
}

export const emptyTally: Tally = {
  seeds: 0,
  failedSeeds: 0,
  violations: 0,
  operations: 0,
  undecided: 0,
  events: 0,
  virtualMs: 0,
  faults: {},
};

export const tallyOf = (outcome: Outcome): Tally => ({
  seeds: 1,
  failedSeeds: outcome.failures.length > 0 ? 1 : 0,
  violations: outcome.failures.length,
  operations: outcome.operations,
  undecided: outcome.undecided,
  events: outcome.events,
  virtualMs: Math.round(outcome.virtualMs),
  faults: Object.fromEntries(outcome.faults),
});

export function sumOf(one: Tally, other: Tally): Tally {
  const kinds = new Set([...Object.keys(one.faults), ...Object.keys(other.faults)]);
  const faults = [...kinds]
    .sort()
    .map((kind) => [kind, (one.faults[kind] ?? 0) + (other.faults[kind] ?? 0)] as const);
  return {
    seeds: one.seeds + other.seeds,
    failedSeeds: one.failedSeeds + other.failedSeeds,
    violations: one.violations + other.violations,
    operations: one.operations + other.operations,
    undecided: one.undecided + other.undecided,
    events: one.events + other.events,
    virtualMs: one.virtualMs + other.virtualMs,
    faults: Object.fromEntries(faults),
  };
}

const grouped = (count: number): string => count.toLocaleString('en-US');

export function tallyText(tally: Tally): string {
  const hours = tally.virtualMs / 3_600_000;
  const faults = Object.entries(tally.faults);
  return [
    `${grouped(tally.seeds)} seeds`,
    `${grouped(tally.violations)} violations`,
    `${grouped(tally.operations)} operations (${grouped(tally.undecided)} too entangled to judge)`,
    `${grouped(tally.events)} events`,
    `${hours < 48 ? `${hours.toFixed(1)} virtual hours` : `${(hours / 24).toFixed(1)} virtual days`}`,
    `faults: ${faults.map(([kind, count]) => `${grouped(count)} ${kind}`).join(', ') || 'none'}`,
  ].join(' · ');
}

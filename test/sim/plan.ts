/** What a seed makes: the shape of the cluster, what its clients do, and which faults there are. */
import { Dice } from './world/dice.ts';

export const faultKinds = [
  'kill',
  'power',
  'pause',
  'stop',
  'partition',
  'one-way',
  'cut-off-names',
  'reset',
  'slow-node',
  'lossy-network',
  'bit-flips-on-wire',
  'slow-disk',
  'leader-loss',
  'lost-requests',
  'lost-replies',
  'late-writes',
  'refusals',
  'late-watches',
  'compaction',
  'clock-drift',
  'clock-jumps',
  'disk-errors',
  'disk-full',
  'bit-rot',
  'wipe',
  'old-disk',
  'blackout',
  'names-full',
  'stale-reads',
  'lost-watch-events',
  'false-keep-alive',
  'lost-answers',
  'lost-node',
  'disaster',
] as const;

export type FaultKind = (typeof faultKinds)[number];

export interface Plan {
  readonly seed: number;
  readonly nodes: number;
  readonly clients: number;
  readonly operations: number;
  readonly faults: ReadonlySet<FaultKind>;
  /** Between two faults, about. */
  readonly faultEveryMs: number;
  /** How long the clients work, about, were each operation done at once. */
  readonly workMs: number;
  readonly groups: number;
  readonly pathsPerGroup: number;
  readonly largeShare: number;
  readonly probeEveryMs: number;
  readonly repairDelayMs: number;
  /** Small ones are complete soon, and compacted. */
  readonly segmentBytesMax: number;
  /** Whether the run goes on until all garbage is gone, which takes long. */
  readonly drains: boolean;
  /** More is lost than was promised to survive: files may go, but nothing false may be said. */
  readonly exceeds: boolean;
}

/** Faults beside which others are hardly seen. */
const rare: ReadonlySet<FaultKind> = new Set([
  'blackout',
  'names-full',
  'stale-reads',
  'wipe',
  'lost-node',
  'disaster',
]);
const KiB = 1024;
const faultlessShare = 0.25;

export function planOf(seed: number): Plan {
  const dice = new Dice(seed).split('plan');
  const isFaultless = dice.chance(faultlessShare);
  const isBurst = dice.chance(0.3);
  const share = dice.between(0.1, 0.7);
  const faults = faultKinds.filter(
    (kind) => dice.chance(rare.has(kind) ? share / 3 : share) && !isFaultless,
  );
  return {
    seed,
    nodes: dice.whole(4, 7),
    clients: isBurst ? 6 : dice.whole(3, 6),
    operations: dice.whole(100, 400),
    faults: new Set(faults),
    faultEveryMs: dice.oneOf([500, 1500, 4000]),
    workMs: isBurst ? 1000 : dice.oneOf([5000, 15_000, 40_000]),
    groups: isBurst ? dice.whole(1, 3) : dice.whole(3, 10),
    pathsPerGroup: isBurst ? 1 : dice.whole(1, 3),
    largeShare: dice.oneOf([0, 0.03, 0.1]),
    probeEveryMs: dice.oneOf([500, 1000, 2000]),
    drains: dice.chance(0.25) && !faults.includes('disaster'),
    exceeds: faults.includes('disaster'),
    repairDelayMs: dice.oneOf([2000, 10_000]),
    segmentBytesMax: dice.oneOf([256 * KiB, 2048 * KiB, 256 * 1024 * KiB]),
  };
}

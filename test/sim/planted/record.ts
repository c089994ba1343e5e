/** What is known of each planted bug, kept in the repository: when it was last hunted, and found. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { thisMachine } from '../../../experiment/data-file.ts';
import { commitNow, resultsFolder, today, writeResult } from '../counter.ts';
import { plantedBugs } from './bugs.ts';
import type { Found } from './hunt.ts';

export interface Recorded {
  readonly name: string;
  readonly found: boolean;
  readonly seeds: number;
  readonly failed: number;
  /** The first that failed, and how. */
  readonly seed?: number | undefined;
  readonly kind?: string | undefined;
  readonly commit: string;
}

const file = path.join(resultsFolder, 'planted.json');

export function recordHunt(hunted: readonly Found[], command: string): void {
  const commit = commitNow();
  const bugs = withHunted(recorded(), hunted, commit);
  const found = bugs.filter((one) => one.found);
  const ran = { day: today(), commit, command, machine: thisMachine() };
  const medianSeeds = median(found.map(({ seeds }) => seeds));
  writeResult(file, {
    ...{ ...ran, planted: plantedBugs.length, found: found.length, medianSeeds, bugs },
  });
}

/** Bugs that are planted no more are dropped, those that weren't hunted now keep what is known. */
export function withHunted(
  before: readonly Recorded[],
  hunted: readonly Found[],
  commit: string,
): Recorded[] {
  const news = hunted.map(({ bug: { name }, seeds, failed, seed, kind }) => ({
    ...{ name, found: seed !== undefined, seeds, failed, seed, kind, commit },
  }));
  const known = new Map([...before, ...news].map((one) => [one.name, one]));
  return plantedBugs.flatMap(({ name }) => known.get(name) ?? []);
}

export const median = (numbers: readonly number[]): number | undefined =>
  numbers.toSorted((a, b) => a - b)[Math.floor((numbers.length - 1) / 2)];

function recorded(): readonly Recorded[] {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).bugs;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return [];
  }
}

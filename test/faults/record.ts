/** What scenarios have shown, kept in the repository: of each the last run that was recorded. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Machine } from '../../experiment/data-file.ts';
import type { ScenarioResult } from './scenario.ts';

export interface RecordedResult extends ScenarioResult {
  /** ISO 8601. */
  readonly at: string;
  readonly commit: string;
  readonly machine: Machine;
  readonly command: string;
}

export type Circumstances = Pick<RecordedResult, 'at' | 'commit' | 'machine'>;

export const recordFile = path.join(import.meta.dirname, 'results/latest.json');

/** Again, alone. */
const commandFor = ({ scenario, seed }: ScenarioResult): string =>
  `npm run faults -- --only ${scenario} --seed ${seed}`;

/** In the order of `names`; scenarios that are no more are forgotten. Pure. */
export function merged(
  before: readonly RecordedResult[],
  results: readonly ScenarioResult[],
  when: Circumstances,
  names: readonly string[],
): RecordedResult[] {
  const added = results.map((result) => ({ ...when, command: commandFor(result), ...result }));
  const all = new Map([...before, ...added].map((one) => [one.scenario, one]));
  return names.flatMap((name) => all.get(name) ?? []);
}

/** Undefined: nothing was recorded. */
export function readRecord(file = recordFile): RecordedResult[] | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return undefined;
  }
}

/** Whole, or as it was. */
export function writeRecord(record: readonly RecordedResult[]): void {
  mkdirSync(path.dirname(recordFile), { recursive: true });
  writeFileSync(`${recordFile}.new`, `${JSON.stringify(record, undefined, 2)}\n`);
  renameSync(`${recordFile}.new`, recordFile);
}

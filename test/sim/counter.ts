/** The count of the seeds that were run, kept in the repository: by commit, and in all. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Machine, thisMachine } from '../../experiment/data-file.ts';
import { emptyTally, sumOf, type Tally } from './tally.ts';

const command = 'npm run sim -- --record';

/** First and last seed. */
export type SeedRange = readonly [number, number];

export interface CommitCount extends Tally {
  readonly commit: string;
  /** Of the last run. */
  readonly day: string;
  readonly machine: Machine;
  readonly command: string;
  readonly ranges: readonly SeedRange[];
}

export interface Counter {
  readonly total: Tally;
  readonly commits: readonly CommitCount[];
}

export const projectFolder = path.join(import.meta.dirname, '../..');
export const resultsFolder = path.join(import.meta.dirname, 'results');
const counterFile = path.join(resultsFolder, 'seeds.json');

export function readCounter(file = counterFile): Counter {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return { total: emptyTally, commits: [] };
  }
}

/** The first seed that nobody has run yet. */
export const nextSeed = ({ commits }: Counter): number =>
  1 + Math.max(0, ...commits.flatMap(({ ranges }) => ranges.map(([, last]) => last)));

export function counted(counter: Counter, commit: string, range: SeedRange, tally: Tally): Counter {
  const before = counter.commits.find((one) => one.commit === commit);
  const entry: CommitCount = {
    commit,
    ...{ day: today(), machine: thisMachine(), command },
    ranges: withRange(before?.ranges ?? [], range),
    ...sumOf(before ?? emptyTally, tally),
  };
  const others = counter.commits.filter((one) => one !== before);
  return { total: sumOf(counter.total, tally), commits: [...others, entry] };
}

export function addToCounter(range: SeedRange, tally: Tally): Counter {
  const counter = counted(readCounter(), commitNow(), range, tally);
  writeResult(counterFile, counter);
  return counter;
}

/** Whole, or as it was. */
export function writeResult(file: string, result: unknown): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, `${JSON.stringify(result, undefined, 2)}\n`);
  renameSync(`${file}.new`, file);
}

export const today = (): string => new Date().toISOString().slice(0, 10);

/** With a + if the code that runs isn't quite the commit's. */
export function commitNow(): string {
  const git = (...words: string[]) =>
    execFileSync('git', words, { cwd: projectFolder, encoding: 'utf8' }).trim();
  const isChanged =
    git('status', '--porcelain', '--', 'src', 'test/sim/*.ts', 'test/checks') !== '';
  return `${git('rev-parse', '--short=10', 'HEAD')}${isChanged ? '+' : ''}`;
}

/** What lies side by side becomes one. */
function withRange(ranges: readonly SeedRange[], range: SeedRange): SeedRange[] {
  const joined: SeedRange[] = [];
  for (const [from, to] of [...ranges, range].toSorted(([a], [b]) => a - b)) {
    const last = joined.at(-1);
    if (last !== undefined && from <= last[1] + 1) {
      joined[joined.length - 1] = [last[0], Math.max(last[1], to)];
    } else joined.push([from, to]);
  }
  return joined;
}

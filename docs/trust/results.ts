/** The result files that the trust page tells of. Any of them may be absent. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type DataFile, dataFolder, readDataFile } from '../../experiment/data-file.ts';
import { type RecordedResult, readRecord } from '../../test/faults/record.ts';

export interface SeedCounts {
  readonly seeds: number;
  readonly failedSeeds: number;
  readonly operations: number;
  readonly virtualMs: number;
  readonly faults: Readonly<Record<string, number>>;
}

export interface SimulationCounter {
  readonly total: SeedCounts;
  /** In the order of their first runs. */
  readonly commits: readonly {
    readonly commit: string;
    readonly day: string;
    readonly seeds: number;
    readonly failedSeeds: number;
  }[];
}

export interface PlantedBugs {
  readonly commit: string;
  readonly day: string;
  readonly planted: number;
  readonly found: number;
  readonly medianSeeds?: number;
  readonly bugs: readonly {
    readonly name: string;
    readonly found: boolean;
    readonly seeds: number;
    readonly failed: number;
    readonly kind?: string;
  }[];
}

export interface ModelComparison {
  readonly commit: string;
  readonly day: string;
  readonly seed: number;
  readonly operations: number;
  readonly differences: number;
}

export interface Benchmark {
  readonly where: string;
  readonly at: string;
  readonly rows: readonly {
    readonly what: string;
    readonly figure: number;
    readonly unit: string;
    readonly p50Ms?: number;
    readonly p99Ms?: number;
    readonly errors?: number;
  }[];
}

export interface Bug {
  readonly what: string;
  readonly foundBy: string;
  /** The commit. */
  readonly fixed: string;
  /** What failed before: the file, and the test in it. */
  readonly test: string;
  readonly name: string;
}

export interface Results {
  readonly simulation?: SimulationCounter | undefined;
  readonly planted?: PlantedBugs | undefined;
  readonly model?: ModelComparison | undefined;
  readonly faults?: readonly RecordedResult[] | undefined;
  readonly benchmark?: Benchmark | undefined;
  readonly experiment: readonly DataFile[];
  readonly bugs: readonly Bug[];
}

export const projectFolder = path.join(import.meta.dirname, '../..');

/** In the order of the report. */
const experimentParts = [
  ...['availability', 'endpoints', 'losses', 'shares', 'recovery', 'stalls', 'throughput'],
];

export function readResults(): Results {
  return {
    simulation: readJson('test/sim/results/seeds.json'),
    planted: readJson('test/sim/results/planted.json'),
    model: readJson('test/sim/results/model.json'),
    faults: readRecord(),
    benchmark: readJson('bench/results/latest.json'),
    experiment: experimentParts.flatMap((name) => readDataFile(name, dataFolder) ?? []),
    bugs: readJson<Bug[]>('docs/trust/bugs.json') ?? [],
  };
}

function readJson<T>(file: string): T | undefined {
  try {
    return JSON.parse(readFileSync(path.join(projectFolder, file), 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return undefined;
  }
}

/** Looks for each planted bug with simulations, each in a process of its own. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { plantedBugs } from './bugs.ts';
import type { PlantedBug } from './planted-bug.ts';

export interface Found {
  readonly bug: PlantedBug;
  /** Seeds that were run, and those that failed. */
  readonly seeds: number;
  readonly failed: number;
  /** The first that failed, and how. */
  readonly seed: number | undefined;
  readonly kind: string | undefined;
}

export interface HuntOptions {
  readonly from: number;
  readonly seedsMax: number;
  /** Stop at the first seed that fails. */
  readonly untilFound: boolean;
}

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** `only`: a part of the name. */
export async function* hunt(options: HuntOptions, only = ''): AsyncGenerator<Found> {
  for (const bug of plantedBugs) if (bug.name.includes(only)) yield await huntOne(bug, options);
}

async function huntOne(bug: PlantedBug, options: HuntOptions): Promise<Found> {
  const child = spawn(
    process.execPath,
    ['--import', here('plant.ts'), here('hunt-one.ts'), JSON.stringify(options)],
    { env: { ...process.env, DFTFS_PLANT: bug.name }, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let output = '';
  for await (const part of child.stdout) output += part;
  const line = output.trim().split('\n').at(-1) ?? '';
  if (!line.startsWith('{')) throw new Error(`the hunt for "${bug.name}" broke off: ${output}`);
  return { bug, ...JSON.parse(line) };
}

/** What all parts of the experiment are: each measures one thing on clusters of its own. */
import type { SeededRandom } from '../test/support/seeded-random.ts';

export interface PartOptions {
  /** A small form that takes seconds: enough to see that it runs, not to conclude from. */
  readonly quick: boolean;
  readonly seed: number;
  readonly random: SeededRandom;
  readonly say: (line: string) => void;
}

/** `data`: what the report draws and tells, as it goes into the file. */
export interface Measured {
  readonly repetitions: number;
  readonly data: unknown;
}

export interface Part {
  /** The data file's, without `.json`. */
  readonly name: string;
  readonly title: string;
  measure(options: PartOptions): Promise<Measured>;
}

export const rounded = (value: number, digits = 1): number => Number(value.toFixed(digits));

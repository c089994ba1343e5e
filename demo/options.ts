/** The command line of demo.sh. */
import { parseArgs } from 'node:util';
import { LaunchError } from '#app/local/launch-error.ts';
import { newSeed } from '../test/support/seeded-random.ts';

export interface DemoOptions {
  /** For which processes are killed; starting and the audit come on top. */
  readonly seconds: number;
  readonly seed: number;
  readonly nodes: number;
  readonly plain: boolean;
}

export const demoHelp = `usage: ./demo.sh [options]

Starts a cluster of its own, beside any other, loads it with files, and kills one process after
another while clients put, get, copy and ask at one URL. Shows live what they see. In the end every
file that was acknowledged is read back from every node. Ends with 1 if a promise was broken. The
cluster and its data are gone afterwards.

  --seconds N  how long processes are killed (default 80; starting and the audit come on top)
  --seed N     makes the same choices again
  --nodes N    nodes (default 6, at least 4)
  --plain      lines instead of a picture, as when the output isn't a terminal; NO_COLOR is heeded
  --help       this text
`;

const word = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;

/** Undefined: help was asked for. */
export function parseDemoOptions(args: readonly string[]): DemoOptions | undefined {
  const values = parse(args);
  if (values.help === true) return undefined;
  return {
    seconds: within('--seconds', values.seconds, 5, 3600) ?? 80,
    seed: within('--seed', values.seed, 0, 2 ** 32 - 1) ?? newSeed(),
    nodes: within('--nodes', values.nodes, 4, 12) ?? 6,
    plain: values.plain === true,
  };
}

function parse(args: readonly string[]) {
  const options = { seconds: word, seed: word, nodes: word, plain: flag, help: flag };
  try {
    return parseArgs({ args, options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    const [said = ''] = (error as Error).message.split(/\. |\n/);
    throw new LaunchError(`${said}; see --help`);
  }
}

function within(option: string, given: string | undefined, least: number, most: number) {
  if (given === undefined) return undefined;
  const value = /^\d{1,10}$/.test(given) ? Number(given) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new LaunchError(
    `${option} must be a number from ${least} to ${most}, not ${given || 'empty'}`,
  );
}

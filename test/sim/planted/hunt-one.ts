/** Runs seeds with the bug that is planted in this process, and says as JSON how many failed. */
import { simulate } from '../simulate.ts';
import type { HuntOptions } from './hunt.ts';

const { from, seedsMax, untilFound }: HuntOptions = JSON.parse(process.argv[2] as string);
let seeds = 0;
let failed = 0;
let first: { readonly seed: number; readonly kind: string | undefined } | undefined;
while (seeds < seedsMax && !(untilFound && first !== undefined)) {
  const seed = from + seeds;
  const { failures } = await simulate(seed);
  seeds += 1;
  if (failures.length === 0) continue;
  failed += 1;
  first ??= { seed, kind: failures[0]?.kind };
}
process.stdout.write(`${JSON.stringify({ seeds, failed, ...first })}\n`);
process.exit(0);

/** Runs a load in a process of its own and takes its figures. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import type { OneFileFigures, OneFilePlan } from './load/one-file.ts';
import type { SmallFilesFigures, SmallFilesPlan } from './load/small-files.ts';

const run = promisify(execFile);

async function runPlan(script: string, plan: unknown): Promise<string> {
  const file = path.join(import.meta.dirname, 'load', script);
  const { stdout } = await run(process.execPath, [file, JSON.stringify(plan)]);
  return stdout;
}

export const runLoad = async (plan: SmallFilesPlan): Promise<SmallFilesFigures> =>
  JSON.parse(await runPlan('small-files.ts', plan));

export const runOneFile = async (plan: OneFilePlan): Promise<OneFileFigures> =>
  JSON.parse(await runPlan('one-file.ts', plan));

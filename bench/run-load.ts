/** Runs a load in a process of its own and takes its figures. */
import { execFile, spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import type { OneFileFigures, OneFilePlan } from './load/one-file.ts';
import type { OpenLoopAnswer, OpenLoopPlan } from './load/open-loop.ts';
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

export interface OpenLoop {
  /** Grows while the load goes on. */
  readonly answers: readonly OpenLoopAnswer[];
  /** Sends nothing more; resolves when all that is under way has come or has had its time. */
  end(): Promise<void>;
}

export function startOpenLoop(plan: OpenLoopPlan): OpenLoop {
  const script = path.join(import.meta.dirname, 'load', 'open-loop.ts');
  const child = spawn(process.execPath, [script, JSON.stringify(plan)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const answers: OpenLoopAnswer[] = [];
  createInterface(child.stdout).on('line', (line) => answers.push(JSON.parse(line)));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  return {
    answers,
    end() {
      child.stdin.end();
      return ended;
    },
  };
}

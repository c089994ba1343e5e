/** System calls that fail, by strace's injection into the running process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { findProcess } from '#app/local/process-record.ts';
import { restore } from '../../support/cluster-state.ts';
import { until } from '../../support/until.ts';
import type { FaultSpec } from '../scenario.ts';
import { findTool, tools, whyNoTool } from '../tools.ts';
import { choose, type Field, type RunningFault } from './fault.ts';

type FailingSpec = Extract<FaultSpec, { kind: 'failing calls' }>;

export async function whyNoFailingCalls(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return 'tracing a process needs root';
  return whyNoTool(tools.strace);
}

export async function beginFailingCalls(
  { target, calls, error, when }: FailingSpec,
  field: Field,
): Promise<RunningFault> {
  const { cluster } = field;
  const names = await choose(target, field);
  const outputs = names.map((name) => path.join(cluster.data, '..', `strace-${name}.txt`));
  const tracers: ChildProcess[] = [];
  for (const [nth, name] of names.entries()) {
    const inject = `inject=${calls}:error=${error}:when=${when}`;
    const pid = cluster.pid(name);
    tracers.push(await trace(pid, [`trace=${calls}`, inject], outputs[nth] as string));
  }
  return {
    hits: async () => {
      const written = await Promise.all(outputs.map((file) => readFile(file, 'utf8')));
      return written.join('').match(/\(INJECTED\)/g)?.length ?? 0;
    },
    undo: async () => {
      for (const tracer of tracers) await ending(tracer);
      // A disk that failed is used again only by a process that was started anew.
      for (const name of names) {
        if (findProcess(cluster.data, name) !== undefined) cluster.signal(name, 'SIGKILL');
      }
      await restore(cluster, names);
      for (const file of outputs) await rm(file, { force: true });
    },
  };
}

async function trace(
  pid: number,
  expressions: readonly string[],
  output: string,
): Promise<ChildProcess> {
  const { file, environment } = await findTool(tools.strace);
  const args = [
    '-f',
    '-p',
    String(pid),
    '-o',
    output,
    ...expressions.flatMap((one) => ['-e', one]),
  ];
  const env = { ...process.env, ...environment };
  const tracer = spawn(file, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  tracer.stderr?.on('data', (text) => {
    said += String(text);
  });
  const attached = async () => {
    if (tracer.exitCode !== null) throw new Error(`strace ended: ${said}`);
    return said.includes('attached') || undefined;
  };
  await until(`strace is attached to ${pid}`, attached, undefined, () => said);
  return tracer;
}

async function ending(tracer: ChildProcess): Promise<void> {
  if (tracer.exitCode !== null || tracer.signalCode !== null) return;
  const ended = new Promise((resolve) => tracer.once('exit', resolve));
  tracer.kill('SIGTERM');
  await ended;
}

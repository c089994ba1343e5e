/** The data files of the report: figures, and all that is needed to get them again. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { projectFolder } from '#app/local/project.ts';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly kernel: string;
  readonly node: string;
}

export interface DataFile {
  readonly part: string;
  readonly title: string;
  readonly machine: Machine;
  /** ISO 8601. */
  readonly at: string;
  /** With a + if the code that ran isn't quite the commit's. */
  readonly commit: string;
  readonly command: string;
  readonly seed: number;
  readonly quick: boolean;
  readonly repetitions: number;
  readonly seconds: number;
  readonly data: unknown;
}

export const dataFolder = path.join(projectFolder, 'docs/report/data');

const fileOf = (name: string, folder: string): string => path.join(folder, `${name}.json`);

/** Whole, or as it was. */
export function writeDataFile(name: string, content: DataFile, folder = dataFolder): string {
  const file = fileOf(name, folder);
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${file}.new`, `${JSON.stringify(content, undefined, 1)}\n`);
  renameSync(`${file}.new`, file);
  return file;
}

/** Undefined: there is none. */
export function readDataFile(name: string, folder = dataFolder): DataFile | undefined {
  try {
    return JSON.parse(readFileSync(fileOf(name, folder), 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return undefined;
  }
}

export function thisMachine(): Machine {
  const cpus = os.cpus();
  return {
    cpu: cpus[0]?.model.trim() ?? 'unknown',
    cores: cpus.length,
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    kernel: `${os.type()} ${os.release()}`,
    node: process.version,
  };
}

export function commitNow(): string {
  const git = (...words: string[]) =>
    execFileSync('git', words, { cwd: projectFolder, encoding: 'utf8' }).trim();
  const isChanged = git('status', '--porcelain', '--', 'src', 'test', 'bench', 'experiment') !== '';
  return `${git('rev-parse', '--short=10', 'HEAD')}${isChanged ? '+' : ''}`;
}

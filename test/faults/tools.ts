/**
 * Tools that a machine may lack: from the PATH, else from the system's package archive, unpacked
 * into the project's cache as etcd is. Nothing is installed.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from '#app/local/project.ts';

const run = promisify(execFile);
const fetchTimeoutMs = 120_000;

export interface Tool {
  readonly name: string;
  /** With all that it needs and a small system may lack. */
  readonly packages: readonly string[];
  /** Where it is in the unpacked packages, if it is not to be found on the PATH. */
  readonly paths: readonly string[];
}

export interface FoundTool {
  readonly file: string;
  /** To be added to its environment. */
  readonly environment: NodeJS.ProcessEnv;
}

const triplet = process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu';

export const tools = {
  strace: { name: 'strace', packages: ['strace', 'libunwind8'], paths: ['usr/bin/strace'] },
  nft: {
    name: 'nft',
    packages: [
      ...['nftables', 'libnftables1', 'libnftnl11', 'libmnl0', 'libjansson4', 'libedit2'],
      ...['libxtables12', 'libbsd0', 'libmd0', 'libgmp10'],
    ],
    paths: ['usr/sbin/nft'],
  },
  faketime: {
    name: 'libfaketime.so.1',
    packages: ['libfaketime'],
    paths: [`usr/lib/${triplet}/faketime/libfaketimeMT.so.1`],
  },
} as const satisfies Record<string, Tool>;

const onPath = (name: string): string | undefined =>
  [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin']
    .map((folder) => join(folder, name))
    .find((file) => existsSync(file));

export const isOnPath = (name: string): boolean => onPath(name) !== undefined;

/** Throws when it isn't there and can't be fetched. */
export async function findTool({ name, packages, paths }: Tool): Promise<FoundTool> {
  const installed = onPath(name);
  if (installed !== undefined) return { file: installed, environment: {} };
  const unpacked = join(cacheFolder, 'tools', packages[0] as string);
  if (!existsSync(unpacked)) await fetchPackages(packages, unpacked);
  const file = paths.map((path) => join(unpacked, path)).find((path) => existsSync(path));
  if (file === undefined) throw new Error(`the package ${packages[0]} has no ${name}`);
  const libraries = ['usr/lib', 'lib'].map((folder) => join(unpacked, folder, triplet));
  return { file, environment: { LD_LIBRARY_PATH: libraries.join(delimiter) } };
}

/** Undefined: it can be had. */
export async function whyNoTool(tool: Tool): Promise<string | undefined> {
  try {
    await findTool(tool);
    return undefined;
  } catch (error) {
    return `there is no ${tool.name}, and it can't be fetched: ${(error as Error).message}`;
  }
}

/** Unpacks aside and renames, so that what is there is whole. */
async function fetchPackages(packages: readonly string[], to: string): Promise<void> {
  await mkdir(join(to, '..'), { recursive: true });
  const work = await mkdtemp(`${to}-fetch-`);
  try {
    const options = { cwd: work, timeout: fetchTimeoutMs };
    const download = () => run('apt-get', ['-q', 'download', ...packages], options);
    await download().catch(async (error) => {
      // A list that is missing or older than the archive is the usual cause.
      if (process.getuid?.() !== 0) throw error;
      await run('apt-get', ['-q', 'update'], options);
      await download();
    });
    const archives = (await readdir(work)).filter((name) => name.endsWith('.deb'));
    for (const archive of archives) await run('dpkg', ['-x', archive, 'root'], options);
    await rename(join(work, 'root'), to);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

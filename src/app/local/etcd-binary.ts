/**
 * Finds an etcd to run: the one on the PATH if it is new enough, else our own copy in the cache,
 * fetched once from the system's package archive and unpacked there. Nothing is installed on the
 * system and no right but that of writing to the project's folder is needed.
 */
import { execFile } from 'node:child_process';
import { access, constants, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import { promisify } from 'node:util';
import { LaunchError } from './launch-error.ts';
import { cacheFolder } from './project.ts';

const run = promisify(execFile);

const probeTimeoutMs = 10_000;
const fetchTimeoutMs = 180_000;
const howToInstall = 'install etcd 3.4 or newer (Debian, Ubuntu: apt-get install etcd-server)';

export interface EtcdLookup {
  /** Folders to search, as in the PATH. */
  readonly path?: string;
  /** Holds our own copy, in `etcd/`. */
  readonly cache?: string;
}

/**
 * Absolute path of an etcd binary of at least 3.4. Throws a LaunchError if there is none to be had.
 */
export async function findEtcd(lookup: EtcdLookup = {}): Promise<string> {
  const path = lookup.path ?? process.env.PATH ?? '';
  const cache = lookup.cache ?? cacheFolder;
  const installed = await firstUsable(
    path.split(delimiter).flatMap((folder) => (isAbsolute(folder) ? [join(folder, 'etcd')] : [])),
  );
  if (installed !== undefined) return installed;
  const unpacked = join(cache, 'etcd');
  const own = binaryIn(unpacked);
  if (await isUsable(own)) return own;
  await fetchPackage(cache, unpacked, path);
  if (await isUsable(own)) return own;
  throw new LaunchError(`the etcd unpacked to ${own} does not run here: ${howToInstall}`);
}

/** What etcd needs in its environment; our own ETCD_* settings only, never those lying around. */
export function etcdEnvironment(environment: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const kept = Object.entries(environment).filter(([name]) => !name.startsWith('ETCD_'));
  // etcd 3.4 refuses to start on arm64 unless told that this is meant.
  const arm = process.arch === 'arm64' ? { ETCD_UNSUPPORTED_ARCH: 'arm64' } : {};
  return { ...Object.fromEntries(kept), ...arm };
}

const binaryIn = (unpacked: string): string => join(unpacked, 'usr', 'bin', 'etcd');

async function firstUsable(candidates: readonly string[]): Promise<string | undefined> {
  for (const candidate of candidates) if (await isUsable(candidate)) return candidate;
  return undefined;
}

async function isUsable(binary: string): Promise<boolean> {
  try {
    await access(binary, constants.X_OK);
    const options = { timeout: probeTimeoutMs, env: etcdEnvironment() };
    const { stdout } = await run(binary, ['--version'], options);
    return isNewEnough(stdout);
  } catch {
    return false;
  }
}

/** `etcd --version` prints `etcd Version: 3.4.23` first. */
export function isNewEnough(output: string): boolean {
  const [, major, minor] = /etcd Version: (\d+)\.(\d+)\./.exec(output) ?? [];
  if (major === undefined || minor === undefined) return false;
  return Number(major) > 3 || (Number(major) === 3 && Number(minor) >= 4);
}

/** Unpacks aside and renames, so that `unpacked` is whole or absent, whoever else does the same. */
async function fetchPackage(cache: string, unpacked: string, path: string): Promise<void> {
  await mkdir(cache, { recursive: true });
  const work = await mkdtemp(join(cache, 'etcd-fetch-'));
  try {
    const environment = { ...process.env, PATH: path };
    await downloadPackage(work, environment);
    const archive = (await readdir(work)).find((name) => name.endsWith('.deb'));
    if (archive === undefined) throw new LaunchError(`no etcd package came: ${howToInstall}`);
    const root = join(work, 'root');
    await tool('dpkg', ['-x', join(work, archive), root], work, environment);
    await rename(root, unpacked).catch(async () => {
      // What another launcher has put there meanwhile is as good as ours; what can't run isn't.
      if (await isUsable(binaryIn(unpacked))) return;
      await rm(unpacked, { recursive: true, force: true });
      await rename(root, unpacked);
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function downloadPackage(work: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const download = () => tool('apt-get', ['-q', 'download', 'etcd-server'], work, environment);
  try {
    await download();
  } catch (error) {
    if (error instanceof LaunchError) throw error;
    // A list that is missing or older than the archive is the usual cause.
    if (process.getuid?.() !== 0) throw downloadFailed(error, 'run "apt-get update" as root, or ');
    try {
      await tool('apt-get', ['-q', 'update'], work, environment);
      await download();
    } catch (again) {
      throw again instanceof LaunchError ? again : downloadFailed(again, '');
    }
  }
}

function downloadFailed(error: unknown, hint: string): LaunchError {
  const said = String((error as { stderr?: unknown }).stderr ?? '').trim();
  const last = said.split('\n').at(-1) || (error instanceof Error ? error.message : String(error));
  return new LaunchError(
    `no etcd found, and fetching its package failed (${last}): ${hint}${howToInstall}`,
    { cause: error },
  );
}

/**
 * Runs a system tool to its end; one that is missing is a LaunchError, one that fails throws as it
 * is.
 */
async function tool(
  name: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  try {
    await run(name, args, { cwd, env, timeout: fetchTimeoutMs, maxBuffer: 16 * 1024 * 1024 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new LaunchError(`no etcd found, and no ${name} to fetch it with: ${howToInstall}`);
  }
}

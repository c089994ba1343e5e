/**
 * Finds a Chromium for tests of pages: the one that is installed, else our own copy in the cache,
 * fetched once with the libraries that it needs from the system's package archive, and unpacked
 * there. Nothing is installed on the system, and no right but that of writing to the project's
 * folder is needed.
 */
import { execFile } from 'node:child_process';
import { access, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from '#app/local/project.ts';

const run = promisify(execFile);

export interface Chromium {
  readonly path: string;
  readonly environment: Readonly<Record<string, string>>;
}

const installedNames = ['chromium', 'chromium-browser', 'google-chrome', 'chromium-headless-shell'];
const packageName = 'chromium-headless-shell';
const fonts = ['fontconfig-config', 'fonts-dejavu-core', 'fonts-liberation2'];
const meant = (family: string, font: string) =>
  `<alias binding="same"><family>${family}</family><prefer><family>${font}</family></prefer></alias>`;
const plainFonts = [
  meant('sans-serif', 'Liberation Sans'),
  meant('monospace', 'DejaVu Sans Mono'),
].join('');
const timeoutMs = 300_000;

/** Undefined: `reason` says why there is none. */
export async function findChromium(): Promise<Chromium | { readonly reason: string }> {
  const folders = (process.env.PATH ?? '').split(delimiter);
  for (const name of installedNames) {
    for (const folder of folders) {
      const path = join(folder, name);
      if (await isThere(path)) return { path, environment: {} };
    }
  }
  const unpacked = join(cacheFolder, 'chromium');
  try {
    if (await isThere(join(unpacked, 'whole'))) {
      // It may have been fetched where more was installed.
      const found = await chromiumIn(unpacked).catch(() => undefined);
      if (found !== undefined) return found;
    }
    await fetchInto(unpacked);
    return await chromiumIn(unpacked);
  } catch (error) {
    const said = error instanceof Error ? error.message.split('\n')[0] : String(error);
    return { reason: `no Chromium is installed, and fetching its packages failed: ${said}` };
  }
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

async function chromiumIn(unpacked: string): Promise<Chromium> {
  const path = join(unpacked, 'usr/lib/chromium/chromium-headless-shell');
  const environment = {
    LD_LIBRARY_PATH: (await libraryFolders(unpacked)).join(':'),
    FONTCONFIG_FILE: join(unpacked, 'fonts.conf'),
  };
  await run(path, ['--version'], { env: { ...process.env, ...environment }, timeout: timeoutMs });
  return { path, environment };
}

/** Those of the system's kind, and what packages keep to themselves beneath. */
async function libraryFolders(unpacked: string): Promise<string[]> {
  const [shared, early] = [join(unpacked, 'usr/lib'), join(unpacked, 'lib')];
  const kinds = (await readdir(shared)).filter((name) => name.includes('linux-gnu'));
  const beneath = kinds.map(async (kind) => {
    const inside = await readdir(join(shared, kind), { withFileTypes: true });
    const folders = inside.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    return [kind, ...folders.map((name) => join(kind, name))];
  });
  const names = (await Promise.all(beneath)).flat();
  return [...names.map((name) => join(shared, name)), ...kinds.map((kind) => join(early, kind))];
}

/** Unpacks aside and renames, so that what is there is whole. */
async function fetchInto(unpacked: string): Promise<void> {
  await mkdir(cacheFolder, { recursive: true });
  const work = await mkdtemp(join(cacheFolder, 'chromium-fetch-'));
  try {
    const options = { cwd: work, timeout: timeoutMs, maxBuffer: 64 * 1024 * 1024 };
    const names = await packagesMissing();
    await run('apt-get', ['-q', 'download', ...names], options);
    const root = join(work, 'root');
    for (const name of (await readdir(work)).filter((each) => each.endsWith('.deb'))) {
      await run('dpkg', ['-x', name, root], options);
    }
    const folder = (path: string) => `<dir>${path}</dir>`;
    const seen = [folder(join(unpacked, 'usr/share/fonts')), folder('/usr/share/fonts')];
    const cache = `<cachedir>${join(unpacked, 'font-cache')}</cachedir>`;
    const settings = `<?xml version="1.0"?><fontconfig>${[...seen, cache, plainFonts].join('')}`;
    await writeFile(join(root, 'fonts.conf'), `${settings}</fontconfig>\n`);
    await writeFile(join(root, 'whole'), '');
    await rm(unpacked, { recursive: true, force: true });
    await rename(root, unpacked);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** What an installation would bring, by the system's own word. */
async function packagesMissing(): Promise<string[]> {
  const args = ['-s', '-q', 'install', '--no-install-recommends', packageName, ...fonts];
  const simulate = async () => (await run('apt-get', args, { timeout: timeoutMs })).stdout;
  const stdout = await simulate().catch(async (error: unknown) => {
    // A list that is missing or older than the archive is the usual cause.
    if (process.getuid?.() !== 0) throw error;
    await run('apt-get', ['-q', 'update'], { timeout: timeoutMs });
    return await simulate();
  });
  return [...stdout.matchAll(/^Inst (\S+)/gm)].map(([, name]) => name as string);
}

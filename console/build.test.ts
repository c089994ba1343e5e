import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import {
  appendFile,
  copyFile,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { buildConsole } from './build.ts';

const projectFolder = join(import.meta.dirname, '..');
const run = promisify(execFile);

test('it loads nothing from elsewhere, and has nothing inline that its policy refuses', async () => {
  const built = new Map((await buildConsole()).map(({ name, content }) => [name, `${content}`]));
  assert.deepEqual([...built.keys()].sort(), [
    ...['console.css', 'console.js', 'icon.svg', 'index.html'],
  ]);
  assert.doesNotMatch(built.get('index.html') ?? '', /https?:|<script>|style=| on[a-z]+=/);
  assert.doesNotMatch(built.get('console.css') ?? '', /url\(|@import/);
  assert.doesNotMatch(built.get('console.js') ?? '', /\beval\(|new Function/);
});

/** A project of its own, of links, so that the real one is safe; without the built console. */
async function project(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'dftfs-build-'));
  const link = (name: string) => symlink(join(projectFolder, name), join(folder, name));
  await mkdir(join(folder, 'node_modules'));
  const packages = (await readdir(join(projectFolder, 'node_modules'))).filter(
    (name) => name !== '.installed',
  );
  await Promise.all(packages.map((name) => link(join('node_modules', name))));
  await Promise.all(['src', 'scripts', 'tsconfig.json'].map(link));
  for (const name of ['package.json', 'package-lock.json']) {
    await copyFile(join(projectFolder, name), join(folder, name));
  }
  const { stdout } = await run('bash', ['-c', 'cksum <package-lock.json'], { cwd: folder });
  await writeFile(join(folder, 'node_modules/.installed'), `${stdout.trim()} all\n`);
  const filter = (path: string) => !path.startsWith(join(projectFolder, 'console/dist'));
  await cp(join(projectFolder, 'console'), join(folder, 'console'), { recursive: true, filter });
  return folder;
}

const install = async (root: string): Promise<number> => {
  const script = '. "$root/scripts/run.sh" && ensure_installed all';
  const env = { ...process.env, root };
  await run('bash', ['-euo', 'pipefail', '-c', script], { env });
  return (await stat(join(root, 'console/dist/console.css'))).mtimeMs;
};

test('installing builds the console when it is missing or older than its sources, else not', async () => {
  const root = await project();
  try {
    const first = await install(root);
    assert.equal(await install(root), first, 'it is there');
    await appendFile(join(root, 'console/src/style/base.css'), '\n.other { color: red; }\n');
    const second = await install(root);
    assert.ok(second > first, 'its source has changed');
    await rm(join(root, 'console/dist'), { recursive: true });
    assert.ok((await install(root)) > second, 'it was missing');
  } finally {
    await rm(root, { recursive: true, force: true });
  }
});

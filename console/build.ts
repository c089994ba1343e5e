/** Builds the console into `dist/`, from which nodes serve it: `npm run console`. */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

const folder = import.meta.dirname;
const builtFolder = join(folder, 'dist');
const copied = ['index.html', 'icon.svg'];

export interface BuiltFile {
  readonly name: string;
  readonly content: Buffer;
}

/** The same sources give the same bytes. */
export async function buildConsole(): Promise<BuiltFile[]> {
  const { outputFiles } = await build({
    entryPoints: [
      { in: join(folder, 'src/main.tsx'), out: 'console' },
      { in: join(folder, 'src/style/console.css'), out: 'console' },
    ],
    outdir: builtFolder,
    absWorkingDir: folder,
    tsconfig: join(folder, 'tsconfig.json'),
    bundle: true,
    minify: true,
    write: false,
    target: ['chrome120', 'firefox120', 'safari17'],
    legalComments: 'none',
    logLevel: 'warning',
  });
  const built = outputFiles.map(({ path, contents }) => ({
    name: path.slice(builtFolder.length + 1),
    content: Buffer.from(contents),
  }));
  const fixed = copied.map(async (name) => ({
    name,
    content: await readFile(join(folder, 'src', name)),
  }));
  return [...built, ...(await Promise.all(fixed))];
}

if (import.meta.main) {
  const files = await buildConsole();
  await mkdir(builtFolder, { recursive: true });
  const names = files.map(({ name }) => name);
  const old = (await readdir(builtFolder)).filter((name) => !names.includes(name));
  for (const name of old) await rm(join(builtFolder, name));
  for (const { name, content } of files) await writeFile(join(builtFolder, name), content);
  const sizes = files.map(({ name, content }) => `${name} ${content.length}`);
  process.stdout.write(`${sizes.join('\n')}\n`);
}

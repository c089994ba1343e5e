/**
 * Builds the npm package: JavaScript and types of what its entries need of `src/`, and a
 * package.json of its own. `node scripts/build-package.ts [folder]`, by default `dist/`; then
 * `npm pack ./dist`.
 *
 * Imports between rooms (`#room/file.ts`) are made relative in a copy first, for the compiler
 * translates no others.
 */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { buildConsole } from '../console/build.ts';

const project = path.join(import.meta.dirname, '..');
const sources = path.join(project, 'src');
const isProduct = (file: string) =>
  file.endsWith('.ts') && !/\.(test|contract)\.ts$|(^|\/)contract\//.test(file);

/** What `dftfs node` becomes. */
const nodeProgram = './src/app/node.ts';

interface Manifest {
  readonly [name: string]: unknown;
  readonly bin: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
}

async function build(out: string): Promise<void> {
  const text = fs.readFileSync(path.join(project, 'package.json'), 'utf8');
  const manifest: Manifest = JSON.parse(text);
  const lib = path.join(out, 'lib');
  fs.rmSync(lib, { recursive: true, force: true });
  fs.mkdirSync(out, { recursive: true });
  // Within the project, where the compiler finds what is imported.
  const copy = fs.mkdtempSync(path.join(project, 'build-'));
  try {
    copySources(copy);
    const entries = [...Object.values(manifest.bin), ...Object.values(manifest.exports)];
    compile(copy, [...entries, nodeProgram], lib);
  } finally {
    fs.rmSync(copy, { recursive: true });
  }
  relateTypes(lib);
  await addConsole(path.join(out, 'console/dist'));
  const written = `${JSON.stringify(published(manifest, importedBy(lib)), null, 2)}\n`;
  fs.writeFileSync(path.join(out, 'package.json'), written);
  fs.copyFileSync(path.join(project, 'docs/package.md'), path.join(out, 'README.md'));
}

function copySources(copy: string): void {
  for (const file of fs.readdirSync(sources, { recursive: true, encoding: 'utf8' })) {
    if (!isProduct(file)) continue;
    const target = path.join(copy, file);
    fs.mkdirSync(path.dirname(target), { recursive: true });
    const text = fs.readFileSync(path.join(sources, file), 'utf8');
    fs.writeFileSync(target, withRelativeImports(file, text));
  }
}

function withRelativeImports(file: string, text: string): string {
  return text.replaceAll(/'#([^']+\.ts)'/g, (whole, imported: string) => {
    if (!fs.existsSync(path.join(sources, imported))) return whole;
    const relative = path.relative(path.dirname(file), imported);
    return `'${relative.startsWith('.') ? relative : `./${relative}`}'`;
  });
}

function compile(copy: string, entries: readonly string[], lib: string): void {
  const options = {
    ...{ noEmit: false, rootDir: '.', outDir: lib, target: 'es2024', declaration: true },
    ...{ rewriteRelativeImportExtensions: true, noEmitOnError: true },
  };
  const files = entries.map((entry) => entry.replace('./src/', './'));
  const config = { extends: '../tsconfig.json', compilerOptions: options, files, include: [] };
  fs.writeFileSync(path.join(copy, 'tsconfig.json'), JSON.stringify(config));
  const compiler = path.join(project, 'node_modules/typescript/lib/tsc.js');
  execFileSync(process.execPath, [compiler, '-p', copy], { stdio: 'inherit' });
}

/** The compiler leaves `.ts` in the imports of declarations. */
function relateTypes(lib: string): void {
  for (const name of fs.readdirSync(lib, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.d.ts')) continue;
    const file = path.join(lib, name);
    const text = fs.readFileSync(file, 'utf8');
    fs.writeFileSync(file, text.replaceAll(/'(\.{1,2}\/[^']+)\.ts'/g, "'$1.js'"));
  }
}

/** Where nodes look for it. */
async function addConsole(folder: string): Promise<void> {
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
  for (const { name, content } of await buildConsole()) {
    fs.writeFileSync(path.join(folder, name), content);
  }
}

/** Packages that the JavaScript needs; others are there to build it. */
function importedBy(lib: string): Set<string> {
  const names = fs
    .readdirSync(lib, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.js'))
    .flatMap((name) => {
      const text = fs.readFileSync(path.join(lib, name), 'utf8');
      const imports = text.matchAll(/(?:from |import |\()'((?:@[^/']+\/)?[^./'][^/']*)/g);
      return [...imports].map(([, specifier]) => specifier as string);
    });
  return new Set(names);
}

function published(manifest: Manifest, imported: Set<string>): Record<string, unknown> {
  const { name, version, description, license, type, bin, exports } = manifest;
  const { node, ...packages } = manifest.dependencies;
  const dependencies = Object.fromEntries(
    Object.entries(packages).filter(([key]) => imported.has(key)),
  );
  const entries = (map: Readonly<Record<string, string>>, to: (file: string) => unknown) =>
    Object.fromEntries(Object.entries(map).map(([key, file]) => [key, to(file)]));
  return {
    ...{ name, version, description, license, type },
    // Of the Node that it is tested with.
    engines: { node: `>=${node?.split('.')[0]}` },
    bin: entries(bin, (file) => built(file, '.js')),
    exports: {
      ...entries(exports, (file) => ({
        types: built(file, '.d.ts'),
        default: built(file, '.js'),
      })),
      './package.json': './package.json',
    },
    files: ['lib', 'console'],
    dependencies,
  };
}

const built = (file: string, ending: string): string =>
  file.replace(/^\.\/src\//, './lib/').replace(/\.ts$/, ending);

await build(path.resolve(process.argv[2] ?? path.join(project, 'dist')));

/**
 * Source files as the checks see them: parsed by the compiler's own parser, without looking at
 * types.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { type Node, type SourceFile, SyntaxKind } from 'typescript/unstable/ast';
import { createVirtualFileSystem } from 'typescript/unstable/fs';
import { API } from 'typescript/unstable/sync';

export interface Import {
  readonly specifier: string;
  readonly names: readonly string[];
  readonly line: number;
}

export interface Source {
  /** From the project's folder, such as `src/base/ids.ts`. */
  readonly path: string;
  readonly lines: readonly string[];
  readonly tree: SourceFile;
  readonly imports: readonly Import[];
  lineOf(node: Node): number;
}

/** Findings read `path:line: what is wrong`. */
export type Check = (sources: readonly Source[]) => string[];

export const projectFolder = join(import.meta.dirname, '../..');
const folders = ['src', 'console', 'scripts', 'test', 'bench', 'demo', 'experiment', 'docs'];

export function readSources(): Source[] {
  const paths = folders.flatMap((folder) =>
    readdirSync(join(projectFolder, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
      .map((entry) => relative(projectFolder, join(entry.parentPath, entry.name))),
  );
  const texts = paths.sort().map((path) => [path, readFileSync(join(projectFolder, path), 'utf8')]);
  return parseSources(Object.fromEntries(texts));
}

/** Text by path. The files live in a made-up folder, so that nothing else is read or resolved. */
export function parseSources(texts: Readonly<Record<string, string>>): Source[] {
  const root = '/tidy';
  const config = `${root}/tsconfig.json`;
  const compilerOptions = {
    noLib: true,
    noResolve: true,
    types: [],
    allowImportingTsExtensions: true,
  };
  const files = Object.keys(texts).map((path) => `${root}/${path}`);
  const inRoot = Object.entries(texts).map(([path, text]) => [`${root}/${path}`, text]);
  const fs = createVirtualFileSystem({
    ...Object.fromEntries(inRoot),
    [config]: JSON.stringify({ compilerOptions, files }),
  });
  const api = new API({ cwd: root, fs });
  try {
    using snapshot = api.updateSnapshot({ openProjects: [config] });
    const [project] = snapshot.getProjects();
    return Object.entries(texts).map(([path, text]) => {
      const tree = project?.program.getSourceFile(`${root}/${path}`);
      if (tree === undefined) throw new Error(`${path} was not parsed`);
      return toSource(path, text, tree);
    });
  } finally {
    api.close();
  }
}

function toSource(path: string, text: string, tree: SourceFile): Source {
  const lines = text.split('\n');
  const starts: number[] = [];
  lines.reduce((start, line) => {
    starts.push(start);
    return start + line.length + 1;
  }, 0);
  const lineAt = (position: number) => starts.findLastIndex((start) => start <= position) + 1;
  const lineOf = (node: Node) => lineAt(node.getStart(tree));
  return { path, lines, tree, imports: importsOf(tree, lineOf), lineOf };
}

export function visit(node: Node, see: (node: Node) => void): void {
  see(node);
  node.forEachChild((child) => {
    visit(child, see);
    return undefined;
  });
}

/** Imports and re-exports, those inside functions and in types (`import('x')`) too. */
function importsOf(tree: SourceFile, lineOf: (node: Node) => number): Import[] {
  const found: Import[] = [];
  visit(tree, (node) => {
    const specifier = specifierOf(node);
    if (specifier === undefined) return;
    const names: string[] = [];
    visit(node, (part) => {
      if (part.kind !== SyntaxKind.ImportSpecifier) return;
      const { propertyName, name } = part as Node & { propertyName?: Node; name: Node };
      names.push((propertyName ?? name).getText(tree));
    });
    found.push({ specifier, names, line: lineOf(node) });
  });
  return found;
}

function specifierOf(node: Node): string | undefined {
  if (node.kind === SyntaxKind.ImportDeclaration || node.kind === SyntaxKind.ExportDeclaration) {
    return textOf((node as Node & { moduleSpecifier?: Node }).moduleSpecifier);
  }
  if (node.kind === SyntaxKind.ImportType) {
    const { argument } = node as Node & { argument: Node & { literal?: Node } };
    return textOf(argument.literal);
  }
  if (node.kind !== SyntaxKind.CallExpression) return undefined;
  const call = node as Node & { expression: Node; arguments: readonly Node[] };
  return call.expression.kind === SyntaxKind.ImportKeyword ? textOf(call.arguments[0]) : undefined;
}

const textOf = (literal: Node | undefined): string | undefined =>
  literal?.kind === SyntaxKind.StringLiteral
    ? (literal as Node & { text: string }).text
    : undefined;

/** Tests, and what only they use, may do what the product may not. */
export const isForTests = ({ path }: Pick<Source, 'path'>): boolean =>
  !path.startsWith('src/') ||
  /\.(test|contract)\.ts$/.test(path) ||
  /^src\/.*\/(testing|contract)\//.test(path);

/** Does an entry of a list, a file or a folder with a slash at its end, mean this path? */
export const covers = (entry: string, path: string): boolean =>
  entry.endsWith('/') ? path.startsWith(entry) : path === entry;

export const roomOf = (path: string): string | undefined => /^src\/([^/]+)\//.exec(path)?.[1];

/** The project's file that an import names, or undefined for a package. */
export function targetOf(source: Pick<Source, 'path'>, specifier: string): string | undefined {
  if (specifier.startsWith('#')) return `src/${specifier.slice(1)}`;
  if (!specifier.startsWith('.')) return undefined;
  return join(source.path, '..', specifier);
}

/** Sizes, names and words. */
import { basename } from 'node:path';
import { type Node, SyntaxKind } from 'typescript/unstable/ast';
import { type Check, type Source, visit } from './sources.ts';

export const fileLinesMax = 400;
export const functionLinesMax = 70;
export const lineCharactersMax = 100;

export const checkFileSizes: Check = (sources) =>
  sources.flatMap(({ path, lines }) => {
    const count = lines.at(-1) === '' ? lines.length - 1 : lines.length;
    return count > fileLinesMax ? [`${path}:1: ${count} lines in one file`] : [];
  });

/** A line can be longer only for a word that can't be broken, such as a string or a URL. */
export const checkLineLengths: Check = (sources) =>
  sources.flatMap(({ path, lines }) =>
    lines.flatMap((line, index) => {
      const isText = /^\s*(\*|\/\/|\/\*)/.test(line);
      const breakable = isText
        ? line.lastIndexOf(' ') > lineCharactersMax / 2
        : !/['"`/]/.test(line);
      return line.length > lineCharactersMax && breakable
        ? [`${path}:${index + 1}: ${line.length} characters in one line`]
        : [];
    }),
  );

const functionKinds: ReadonlySet<SyntaxKind> = new Set([
  SyntaxKind.FunctionDeclaration,
  SyntaxKind.FunctionExpression,
  SyntaxKind.ArrowFunction,
  SyntaxKind.MethodDeclaration,
  SyntaxKind.Constructor,
  SyntaxKind.GetAccessor,
  SyntaxKind.SetAccessor,
]);

export const checkFunctionSizes: Check = (sources) =>
  sources.flatMap((source) => {
    const findings: string[] = [];
    visit(source.tree, (node) => {
      if (!functionKinds.has(node.kind)) return;
      const count = node.getText(source.tree).split('\n').length;
      if (count <= functionLinesMax || isSuite(node, source)) return;
      findings.push(`${source.path}:${source.lineOf(node)}: ${count} lines in one function`);
    });
    return findings;
  });

/** What holds tests is a list of them; each test is measured for itself. */
function isSuite(node: Node, source: Source): boolean {
  let holds = false;
  visit(node, (part) => {
    if (part.kind !== SyntaxKind.CallExpression) return;
    const callee = (part as Node & { expression: Node }).expression.getText(source.tree);
    holds ||= callee === 'test' || callee === 'it';
  });
  return holds;
}

/** A test may add its topic: `namespace.races.test.ts`. */
const kebab = /^[a-z0-9]+(-[a-z0-9]+)*((\.[a-z]+)?\.test|\.contract)?\.tsx?$/;
const drawer = /(^|\/)(utils?|helpers?|misc|common|shared)(\/|\.tsx?$)/;

export const checkNames: Check = (sources) =>
  sources.flatMap(({ path }) => [
    ...(kebab.test(basename(path)) ? [] : [`${path}:1: the name isn't in kebab case`]),
    ...(drawer.test(path) ? [`${path}:1: a drawer for anything: name the concept`] : []),
  ]);

export const checkExports: Check = (sources) =>
  sources.flatMap((source) => {
    const findings: string[] = [];
    visit(source.tree, (node) => {
      if (isDefaultExport(node)) {
        findings.push(`${source.path}:${source.lineOf(node)}: a default export`);
      }
    });
    return findings;
  });

function isDefaultExport(node: Node): boolean {
  if (node.kind === SyntaxKind.ExportAssignment) return true;
  if (node.kind === SyntaxKind.ExportSpecifier) {
    return (node as Node & { name: { text: string } }).name.text === 'default';
  }
  const { modifiers } = node as Node & { modifiers?: readonly Node[] };
  return modifiers?.some(({ kind }) => kind === SyntaxKind.DefaultKeyword) ?? false;
}

const marks = ['FIXME', 'XXX', 'HACK', 'TODO'];
const compilerOff = ['@ts-ignore', '@ts-nocheck', 'eslint-disable'];
const words = new RegExp(`\\b(${marks.join('|')})\\b|(${compilerOff.join('|')})`);

/** `@TODO(12)` with the number of an issue is the one mark for work left. */
export const checkWords: Check = (sources) =>
  sources.filter(notThisFile).flatMap(({ path, lines }) =>
    lines.flatMap((line, index) => {
      const found = words.exec(line.replaceAll(/@TODO\(\d+\)/g, ''));
      return found === null ? [] : [`${path}:${index + 1}: ${found[0]}`];
    }),
  );

const notThisFile = ({ path }: Source): boolean => !path.startsWith('test/tidy/');

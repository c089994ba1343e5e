/** Who may import whom. ARCHITECTURE.md shows the same table, and a test compares the two. */
import { type Check, covers, isForTests, roomOf, type Source, targetOf } from './sources.ts';

export const mayImport: Readonly<Record<string, readonly string[]>> = {
  base: [],
  io: ['base'],
  observe: ['base', 'io'],
  config: ['base'],
  rpc: ['base', 'io', 'observe'],
  protocol: ['base', 'rpc'],
  kv: ['base', 'io', 'observe'],
  erasure: ['base'],
  storage: ['base', 'io', 'observe', 'protocol', 'rpc'],
  cluster: ['base', 'io', 'observe', 'kv', 'protocol', 'rpc'],
  access: ['base', 'io', 'observe', 'kv', 'protocol', 'cluster'],
  namespace: ['base', 'io', 'observe', 'kv', 'protocol', 'rpc', 'cluster'],
  blob: ['base', 'io', 'observe', 'kv', 'protocol', 'rpc', 'cluster', 'erasure'],
  files: ['base', 'io', 'observe', 'protocol', 'cluster', 'namespace', 'blob'],
  duties: [
    'base',
    'io',
    'observe',
    'kv',
    'protocol',
    'rpc',
    'cluster',
    'namespace',
    'blob',
    'storage',
  ],
  gateways: ['base', 'io', 'observe', 'config', 'files', 'cluster', 'namespace', 'access'],
  client: ['base'],
  cli: ['base', 'client'],
};

/** Assembly: builds everything, so it may import everything. */
export const roof = 'app';

export const checkRooms: Check = (sources) => sources.flatMap(roomFindings);

function roomFindings(source: Source): string[] {
  const room = roomOf(source.path);
  if (room === undefined) return [];
  if (room !== roof && !Object.hasOwn(mayImport, room)) {
    return [`${source.path}:1: the room ${room} isn't in the table`];
  }
  return source.imports.flatMap(({ specifier, line }) => {
    const finding = importFinding(source, room, specifier);
    return finding === undefined ? [] : [`${source.path}:${line}: ${finding}`];
  });
}

function importFinding(source: Source, room: string, specifier: string): string | undefined {
  const target = targetOf(source, specifier);
  if (target === undefined) return undefined;
  if (isForTests(source)) return undefined;
  if (isForTests({ path: target })) return `${specifier} is for tests`;
  const other = roomOf(target);
  if (other === room) {
    return specifier.startsWith('#')
      ? `${specifier} is of this room: import it relatively`
      : undefined;
  }
  if (!specifier.startsWith('#')) return `${specifier} is of another room: import it by #room`;
  if (room === roof || (other !== undefined && mayImport[room]?.includes(other))) return undefined;
  return `${room} may not import ${other ?? specifier}`;
}

/** Every file comes after all that it imports; types count, for a reader follows them too. */
export const checkCycles: Check = (sources) => {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const done = new Set<string>();
  const findings: string[] = [];
  const walk = (path: string, trail: readonly string[]): void => {
    const source = byPath.get(path);
    if (source === undefined || done.has(path)) return;
    const at = trail.indexOf(path);
    if (at >= 0) {
      findings.push(`${path}:1: imports itself through ${trail.slice(at + 1).join(', ')}`);
      return;
    }
    for (const { specifier } of source.imports) {
      const target = targetOf(source, specifier);
      if (target !== undefined) walk(target, [...trail, path]);
    }
    done.add(path);
  };
  for (const { path } of sources) walk(path, []);
  return findings;
};

/** Each file of the product is imported by another, or is an entry (a folder ends with a slash). */
export const checkDeadFiles =
  (entries: readonly string[]): Check =>
  (sources) => {
    const imported = new Set(
      sources.flatMap((source) =>
        isForTests(source)
          ? []
          : source.imports.map(({ specifier }) => targetOf(source, specifier)),
      ),
    );
    return sources
      .filter((source) => !isForTests(source))
      .filter(({ path }) => !imported.has(path))
      .filter(({ path }) => !entries.some((entry) => covers(entry, path)))
      .map(({ path }) => `${path}:1: no product file imports it`);
  };

/** Rows of the form "| `room` | what it is | base, io |" of a document. */
export function tableOf(document: string): Record<string, string[]> {
  const rows = [...document.matchAll(/^\| `([a-z]+)` \|[^|\n]*\| ([^|\n]*) \|$/gm)];
  return Object.fromEntries(
    rows.map(([, room = '', others = '']) => [
      room,
      others === '–' ? [] : others.split(',').map((one) => one.trim()),
    ]),
  );
}

/**
 * What product code may not reach for itself: clock, timers, randomness, disk, sockets, settings.
 */
import { type Node, SyntaxKind } from 'typescript/unstable/ast';
import { type Check, covers, isForTests, type Source, visit } from './sources.ts';

export type Door = 'clock' | 'timers' | 'random' | 'disk' | 'sockets' | 'processes' | 'settings';

export interface Exception {
  /** A file, or a folder with a slash at its end. */
  readonly path: string;
  readonly doors: readonly Door[];
  readonly reason: string;
}

const doorOfModule: Readonly<Record<string, Door>> = {
  'node:fs': 'disk',
  'node:fs/promises': 'disk',
  'node:net': 'sockets',
  'node:tls': 'sockets',
  'node:dgram': 'sockets',
  'node:dns': 'sockets',
  'node:http': 'sockets',
  'node:https': 'sockets',
  'node:http2': 'sockets',
  'node:child_process': 'processes',
  'node:cluster': 'processes',
  'node:worker_threads': 'processes',
  'node:timers': 'timers',
  'node:timers/promises': 'timers',
  'node:perf_hooks': 'clock',
  '@grpc/grpc-js': 'sockets',
  lmdb: 'disk',
};

const doorOfGlobal: Readonly<Record<string, Door>> = {
  setTimeout: 'timers',
  setInterval: 'timers',
  setImmediate: 'timers',
  fetch: 'sockets',
  WebSocket: 'sockets',
};

const doorOfMember: Readonly<Record<string, Door>> = {
  'Date.now': 'clock',
  'performance.now': 'clock',
  'process.hrtime': 'clock',
  'process.uptime': 'clock',
  'AbortSignal.timeout': 'timers',
  'Math.random': 'random',
  'crypto.randomUUID': 'random',
  'crypto.getRandomValues': 'random',
  'crypto.randomBytes': 'random',
  'process.env': 'settings',
};

const randomOfCrypto = /^(random|getRandom)/;

export const checkBans =
  (exceptions: readonly Exception[]): Check =>
  (sources) => {
    const product = sources.filter((source) => !isForTests(source));
    const used = new Set<string>();
    const findings = product.flatMap((source) =>
      usesOf(source).flatMap(({ door, what, line }) => {
        const exception = exceptions.find(
          ({ path, doors }) => covers(path, source.path) && doors.includes(door),
        );
        if (exception === undefined) return [`${source.path}:${line}: ${what} (${door})`];
        used.add(`${exception.path} ${door}`);
        return [];
      }),
    );
    const idle = exceptions.flatMap(({ path, doors }) =>
      doors
        .filter((door) => !used.has(`${path} ${door}`))
        .map((door) => `${path}:1: the exception for ${door} isn't needed`),
    );
    return [...findings, ...idle];
  };

interface Use {
  readonly door: Door;
  readonly what: string;
  readonly line: number;
}

function usesOf(source: Source): Use[] {
  const uses: Use[] = [];
  for (const { specifier, names, line } of source.imports) {
    const door = doorOfModule[specifier];
    if (door !== undefined) uses.push({ door, what: `imports ${specifier}`, line });
    const random = names.find((name) => randomOfCrypto.test(name));
    if (specifier === 'node:crypto' && random !== undefined) {
      uses.push({ door: 'random', what: `imports ${random}`, line });
    }
  }
  visit(source.tree, (node) => {
    const found = useOf(node, source);
    if (found !== undefined) uses.push({ ...found, line: source.lineOf(node) });
  });
  return uses;
}

function useOf(node: Node, source: Source): Omit<Use, 'line'> | undefined {
  if (node.kind === SyntaxKind.PropertyAccessExpression) {
    const what = node.getText(source.tree).replaceAll(/\s|^globalThis\./g, '');
    return doorIn(doorOfMember, what) ?? doorIn(doorOfGlobal, what.replace('globalThis.', ''));
  }
  if (node.kind === SyntaxKind.CallExpression) {
    const { expression } = node as Node & { expression: Node };
    return expression.kind === SyntaxKind.Identifier
      ? doorIn(doorOfGlobal, expression.getText(source.tree))
      : undefined;
  }
  if (node.kind !== SyntaxKind.NewExpression) return undefined;
  const made = node as Node & { expression: Node; arguments?: readonly Node[] };
  const isNow = made.expression.getText(source.tree) === 'Date' && !made.arguments?.length;
  return isNow ? { door: 'clock', what: 'new Date()' } : undefined;
}

const doorIn = (
  doors: Readonly<Record<string, Door>>,
  what: string,
): Omit<Use, 'line'> | undefined => {
  const door = Object.hasOwn(doors, what) ? doors[what] : undefined;
  return door === undefined ? undefined : { door, what };
};

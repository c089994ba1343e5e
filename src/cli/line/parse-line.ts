/** From words to a verb, its options and its arguments. Pure. */
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { UsageError } from '../exit-codes.ts';
import { globalOptions, type Option, type Verb } from '../verb.ts';
import { Options } from './options.ts';

export type ParsedLine =
  | { readonly kind: 'help'; readonly verb: Verb | undefined; readonly group?: string }
  | {
      readonly kind: 'run';
      readonly verb: Verb;
      readonly options: Options;
      readonly args: readonly string[];
    };

/** Throws UsageError. */
export function parseLine(words: readonly string[], verbs: readonly Verb[]): ParsedLine {
  const { tokens = [] } = parseArgs({ ...lenient, args: [...words] });
  const [first, second] = tokens.filter((token) => token.kind === 'positional');
  const isHelp = tokens.some((token) => token.kind === 'option' && token.name === 'help');
  if (first === undefined) {
    // Strictly, so that a mistaken option isn't answered with help.
    parseStrictly(words, []);
    return { kind: 'help', verb: undefined };
  }
  const two = verbs.find(({ name }) => name === `${first.value} ${second?.value}`);
  const verb = two ?? verbs.find(({ name }) => name === first.value);
  const isGroup = verbs.some(({ name }) => name.startsWith(`${first.value} `));
  if (verb === undefined && isGroup && (second === undefined || isHelp)) {
    return { kind: 'help', verb: undefined, group: first.value };
  }
  if (verb === undefined) {
    const said = isGroup ? `${first.value} ${second?.value}` : first.value;
    throw new UsageError(`There is no verb ${JSON.stringify(said)}${meant(said, verbs)}`);
  }
  if (isHelp) return { kind: 'help', verb };
  const taken = new Set([first.index, ...(two && second ? [second.index] : [])]);
  const rest = words.filter((_, index) => !taken.has(index));
  const { values, positionals } = parseStrictly(rest, verb.options);
  checkCount(verb, positionals.length);
  return { kind: 'run', verb, options: new Options(values), args: positionals };
}

const shapes = (options: readonly Option[]): NonNullable<ParseArgsConfig['options']> =>
  Object.fromEntries(
    options.map(({ name, short, value, many = false }) => [
      name,
      {
        type: value === undefined ? 'boolean' : 'string',
        multiple: many,
        ...(short === undefined ? {} : { short }),
      } as const,
    ]),
  );

/** Knows the global options only, and forgives all else: enough to find the verb. */
const lenient = {
  options: shapes(globalOptions),
  strict: false,
  allowPositionals: true,
  tokens: true,
} as const;

function parseStrictly(words: readonly string[], options: readonly Option[]) {
  try {
    return parseArgs({
      args: [...words],
      options: shapes([...options, ...globalOptions]),
      strict: true,
      allowPositionals: true,
    });
  } catch (error) {
    const [said = ''] = (error as Error).message.split(/\. |\n/);
    throw new UsageError(`${said}.`);
  }
}

function checkCount(verb: Verb, count: number): void {
  const least = verb.arguments.filter(({ optional }) => !optional).length;
  const most = verb.arguments.some(({ many }) => many)
    ? Number.POSITIVE_INFINITY
    : verb.arguments.length;
  if (count < least) throw new UsageError(`Something is missing: ${usageOf(verb)}`);
  if (count > most) throw new UsageError(`Too many arguments: ${usageOf(verb)}`);
}

/** `dftfs put [options] LOCAL… REMOTE` */
export function usageOf(verb: Verb): string {
  const words = verb.arguments.map(({ name, many, optional }) => {
    const word = `${name}${many ? '…' : ''}`;
    return optional ? `[${word}]` : word;
  });
  return ['dftfs', verb.name, '[options]', ...words].join(' ');
}

function meant(said: string, verbs: readonly Verb[]): string {
  const near = verbs.find(({ name }) => distance(name, said) <= (said.length > 3 ? 2 : 1));
  return near === undefined ? '; dftfs --help lists them.' : `; did you mean ${near.name}?`;
}

/** Of letters to add, drop or change. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (const [index, letter] of [...a].entries()) {
    const next = [index + 1];
    for (let column = 1; column <= b.length; column++) {
      const change = (row[column - 1] ?? 0) + (b[column - 1] === letter ? 0 : 1);
      next.push(Math.min(change, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

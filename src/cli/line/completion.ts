/**
 * What the scripts by which shells complete verbs, options and paths are made of. Paths and nodes
 * are asked of the cluster by `dftfs completion`.
 */
import type { Argument, Option, Verb } from '../verb.ts';

export const shells = ['bash', 'zsh'] as const;
export type Shell = (typeof shells)[number];

export const wordsOf = (options: readonly Option[]): string[] =>
  options.flatMap(({ name, short }) => [`--${name}`, ...(short ? [`-${short}`] : [])]);

/** Options after which a value stands. */
export const valued = (options: readonly Option[]): string[] =>
  wordsOf(options.filter(({ value }) => value !== undefined));

/** After which a file's name stands. */
export const filed = (options: readonly Option[]): string[] =>
  wordsOf(options.filter(({ value }) => value === 'FILE'));

/** What may stand at a place; at the last one of many, and at all after it, the same. */
export const kindsOf = (args: readonly Argument[]): string[] => [
  ...new Set(args.map(({ kind }) => kind)),
];

export const groupsOf = (verbs: readonly Verb[]): Map<string, Verb[]> => {
  const groups = new Map<string, Verb[]>();
  for (const verb of verbs) {
    const [group = '', word] = verb.name.split(' ');
    if (word !== undefined) groups.set(group, [...(groups.get(group) ?? []), verb]);
  }
  return groups;
};

export const lastWord = ({ name }: Verb): string => name.split(' ').at(-1) ?? name;

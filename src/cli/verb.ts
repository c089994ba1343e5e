/** What a verb is: one row of the table from which parser, help, completion and reference come. */
import type { Session } from './session.ts';

export interface Option {
  readonly name: string;
  readonly short?: string;
  /** What its value is called in the help; missing: it takes none. */
  readonly value?: string;
  /** It can be given several times. */
  readonly many?: boolean;
  readonly help: string;
}

/** What a shell may offer for a verb's arguments; for what is new, nothing. */
export type ArgumentKind = 'remote' | 'local' | 'node' | 'token' | 'new' | 'shell' | 'verb';

export interface Argument {
  readonly name: string;
  readonly kind: ArgumentKind;
  readonly optional?: boolean;
  readonly many?: boolean;
}

export interface Verb {
  /** One word, or two: `cluster nodes`. */
  readonly name: string;
  readonly summary: string;
  readonly arguments: readonly Argument[];
  readonly options: readonly Option[];
  /** What there is to know beyond the options, in paragraphs. */
  readonly details?: readonly string[];
  readonly examples?: readonly Example[];
  /** It asks no cluster: where one is, and with which token, isn't looked up. */
  readonly standsAlone?: true;
  /** Its failures are told to the session; what it throws counts as one. */
  readonly run: (session: Session) => Promise<void>;
}

export interface Example {
  readonly line: string;
  readonly says: string;
}

export interface Section {
  readonly title: string;
  readonly verbs: readonly Verb[];
}

export const verbsOf = (sections: readonly Section[]): Verb[] =>
  sections.flatMap(({ verbs }) => verbs);

export const globalOptions: readonly Option[] = [
  {
    name: 'endpoint',
    short: 'e',
    value: 'URL',
    many: true,
    help: 'where the cluster answers; of several, the next is asked when one dies',
  },
  {
    name: 'token-file',
    value: 'FILE',
    help: 'holds the token, which is sent as Authorization: Bearer',
  },
  { name: 'token', value: 'TOKEN', help: 'the token itself: others see it in ps' },
  { name: 'ca', value: 'FILE', help: 'for https: certificates of the authorities to believe' },
  { name: 'json', help: 'JSON for programs: one object a line' },
  { name: 'quiet', short: 'q', help: 'nothing but errors, and what was asked for' },
  { name: 'help', short: 'h', help: 'this text' },
];

export const recursive = (help: string): Option => ({ name: 'recursive', short: 'r', help });

export const literal: Option = {
  name: 'literal',
  help: 'take * ? [ { in paths as they are',
};

export const parallel: Option = {
  name: 'parallel',
  short: 'j',
  value: 'N',
  help: 'how many at a time (default 4)',
};
export const parallelDefault = 4;
export const parallelMax = 64;

export const remotes: Argument = { name: 'REMOTE', kind: 'remote', many: true };

/** Help for people, from the table of verbs. Pure. */
import { exitCodes } from '../exit-codes.ts';
import { endpointDefault } from '../settings.ts';
import { globalOptions, type Option, type Section, type Verb } from '../verb.ts';
import { usageOf } from './parse-line.ts';

const widthMax = 80;

export function helpOfAll(sections: readonly Section[]): string {
  return [
    'usage: dftfs VERB [options] ARGUMENTS…',
    'Files of a DFTFS cluster, and the cluster itself. dftfs VERB --help tells more.',
    ...sections.map(({ title, verbs }) => `${title}:\n${list(verbs)}`),
    `Options of all verbs:\n${pairs(globalOptions.map(optionPair))}`,
    `Settings, the first that is given:\n${pairs([
      ['flags', '--endpoint, --token-file, --token'],
      ['environment', 'DFTFS_ENDPOINT (several: with commas), DFTFS_TOKEN_FILE, DFTFS_TOKEN'],
      ['file', '~/.config/dftfs/config.json: {"endpoints": ["…"], "tokenFile": "…"}'],
      ['else', endpointDefault],
    ])}`,
    `Exit codes, of several failures the highest:\n${pairs(exitPairs)}`,
  ].join('\n\n');
}

export function helpOfGroup(group: string, verbs: readonly Verb[]): string {
  const some = verbs.filter(({ name }) => name.startsWith(`${group} `));
  return `usage: dftfs ${group} VERB [options] ARGUMENTS…\n\n${list(some)}`;
}

const list = (verbs: readonly Verb[]): string =>
  pairs(verbs.map(({ name, summary }) => [name, summary]));

export function helpOfVerb(verb: Verb): string {
  const options = [...verb.options, ...globalOptions];
  return [
    `usage: ${usageOf(verb)}`,
    sentence(verb.summary),
    ...(verb.details ?? []).map((text) => wrapped(text)),
    `Options:\n${pairs(options.map(optionPair))}`,
    ...(verb.examples ? [`Examples:\n${examples(verb)}`] : []),
  ].join('\n\n');
}

const examples = ({ examples = [] }: Verb): string =>
  examples.map(({ line, says }) => `  ${line}\n      ${says}`).join('\n');

export const sentence = (summary: string): string =>
  `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`;

export const exitPairs: readonly (readonly [string, string])[] = Object.values(exitCodes).map(
  ({ code, means }) => [String(code), means],
);

function optionPair({ name, short, value, help }: Option): readonly [string, string] {
  const word = `--${name}${value === undefined ? '' : ` ${value}`}`;
  return [short === undefined ? `    ${word}` : `-${short}, ${word}`, help];
}

/** Two columns, the second wrapped. */
function pairs(rows: readonly (readonly [string, string])[]): string {
  const left = Math.max(...rows.map(([word]) => word.length)) + 2;
  return rows
    .map(([word, says]) => {
      const [first = '', ...more] = wrapped(says, widthMax - left - 2).split('\n');
      const rest = more.map((line) => `\n  ${' '.repeat(left)}${line}`).join('');
      return `  ${word.padEnd(left)}${first}${rest}`;
    })
    .join('\n');
}

export function wrapped(text: string, width = widthMax): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line].join('\n');
}

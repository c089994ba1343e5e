/** `dftfs help` and `dftfs completion`: what is made from the table of verbs. */
import { UsageError } from '../exit-codes.ts';
import { bashCompletion } from '../line/bash-completion.ts';
import { shells } from '../line/completion.ts';
import { helpOfAll, helpOfGroup, helpOfVerb } from '../line/help.ts';
import { reference } from '../line/reference.ts';
import { zshCompletion } from '../line/zsh-completion.ts';
import { absolute, under } from '../remote/remote-path.ts';
import type { Session } from '../session.ts';
import { type Section, type Verb, verbsOf } from '../verb.ts';

type Sections = () => readonly Section[];

/** Helpful texts are what was asked for, so they go to stdout. */
export const helpText = (sections: readonly Section[], words: readonly string[]): string => {
  const name = words.join(' ');
  if (name === '') return helpOfAll(sections);
  const verbs = verbsOf(sections);
  const verb = verbs.find((one) => one.name === name);
  if (verb !== undefined) return helpOfVerb(verb);
  if (verbs.some((one) => one.name.startsWith(`${name} `))) return helpOfGroup(name, verbs);
  throw new UsageError(`There is no verb ${JSON.stringify(name)}; dftfs --help lists them.`);
};

export const help = (sections: Sections): Verb => ({
  name: 'help',
  summary: 'tell how to use a verb',
  arguments: [{ name: 'VERB', kind: 'verb', optional: true, many: true }],
  standsAlone: true,
  options: [{ name: 'markdown', help: 'all of it, as docs/cli.md' }],
  run: async ({ args, options, output }) => {
    const text = options.flag('markdown')
      ? reference(sections()).trimEnd()
      : helpText(sections(), args);
    output.print(text);
  },
});

export const completion = (sections: Sections): Verb => ({
  name: 'completion',
  summary: 'print a script for the completion of a shell',
  arguments: [
    { name: 'SHELL', kind: 'shell' },
    { name: 'WORD', kind: 'shell', optional: true },
  ],
  options: [],
  details: [
    'bash: eval "$(dftfs completion bash)" in ~/.bashrc. zsh: source <(dftfs completion zsh) in ~/.zshrc, after compinit. Paths of the cluster are completed by asking it, at the endpoint of the settings.',
  ],
  run: async (session) => {
    const [what = '', word = ''] = session.args;
    const found = await offers(session, verbsOf(sections()), what, word);
    for (const line of found) session.output.print(line);
  },
});

/** Beyond the shells, what the scripts ask for: see `ArgumentKind`. */
async function offers(session: Session, verbs: readonly Verb[], what: string, word: string) {
  if (what === 'bash') return [bashCompletion(verbs).trimEnd()];
  if (what === 'zsh') return [zshCompletion(verbs).trimEnd()];
  const begins = (text: string) => text.startsWith(word);
  if (what === 'shell') return shells.filter(begins);
  if (what === 'verb') return verbs.map(({ name }) => name).filter(begins);
  if (what === 'node') {
    const { nodes } = await session.cluster.status({ signal: session.signal });
    return nodes.map(({ id }) => id).filter(begins);
  }
  if (what === 'token') {
    const tokens = await session.cluster.tokens({ signal: session.signal });
    return tokens.map(({ id }) => id).filter(begins);
  }
  if (what === 'new') return [];
  if (what === 'remote') return remoteOffers(session, word);
  throw new UsageError(`There is a completion for ${shells.join(' and ')}.`);
}

const offersMax = 200;

async function remoteOffers({ storage, signal }: Session, word: string): Promise<string[]> {
  const folder = word.slice(0, word.lastIndexOf('/') + 1);
  const offered: string[] = [];
  for await (const { name, kind } of storage.ls(absolute(folder), { signal })) {
    const whole = (folder === '' ? '' : under(folder, name)) || name;
    const path = `${whole}${kind === 'folder' ? '/' : ''}`;
    if (path.startsWith(word)) offered.push(path);
    if (offered.length === offersMax) break;
  }
  return offered;
}

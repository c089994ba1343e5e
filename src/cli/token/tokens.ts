/** `dftfs token create`, `list` and `revoke`: who may come in, and do what. */
import type { TokenInfo } from '#client/index.ts';
import { UsageError } from '../exit-codes.ts';
import { aligned } from '../output/columns.ts';
import type { Session } from '../session.ts';
import type { Verb } from '../verb.ts';

export const createToken: Verb = {
  name: 'token create',
  summary: 'make a token, and print it: nobody can show it again',
  arguments: [{ name: 'NAME', kind: 'new' }],
  options: [
    {
      name: 'grant',
      short: 'g',
      value: 'RIGHTS:PATH',
      many: true,
      help: 'read, write, delete, list, or several with commas, to a path and all under it',
    },
    { name: 'admin', help: 'everything, tokens and nodes among it' },
  ],
  details: [
    'A copy needs read at its source and write at its destination; a move, delete at its source too. Right to / is right to all files, but to no page under /-/: read:/-/metrics is for a Prometheus, read:/-/cluster for cluster status.',
    'It is good on every node at once. If the answer is lost (exit code 6), see token list for one that nobody has.',
  ],
  examples: [
    {
      line: 'dftfs token create -g read,list:/photos viewer',
      says: 'may look at /photos and all under it:',
    },
    {
      line: '(umask 077; dftfs token create -q -g read,list,write,delete:/ci ci > ci-token)',
      says: 'for a script:',
    },
  ],
  run: runCreate,
};

export const listTokens: Verb = {
  name: 'token list',
  summary: 'list the tokens, without their secrets',
  arguments: [],
  options: [],
  run: async ({ cluster, output, signal }) => {
    const found = await cluster.tokens({ signal });
    if (output.json) for (const token of found) output.result(token, '');
    else output.print(tokenTable(found, (text) => output.paint('bold', text)));
  },
};

export const revokeToken: Verb = {
  name: 'token revoke',
  summary: 'revoke tokens by their ids',
  arguments: [{ name: 'ID', kind: 'token', many: true }],
  options: [],
  details: ['Exit code 3 for the last administrator’s token: make another first.'],
  run: async ({ cluster, args, output, signal }) => {
    for (const id of args) {
      try {
        await cluster.revokeToken(id, { signal });
        output.done({ id, revoked: true }, `${id} is revoked`);
      } catch (error) {
        signal.throwIfAborted();
        output.fail(error, id);
      }
    }
  },
};

async function runCreate({ cluster, args, options, output, signal }: Session): Promise<void> {
  const [name = ''] = args;
  const grants = [...options.texts('grant'), ...(options.flag('admin') ? ['admin'] : [])];
  if (grants.length === 0)
    throw new UsageError('Say what it may do: --grant read:/path, or --admin.');
  const created = await cluster.createToken(name, grants, { signal });
  output.note(`${created.id} for ${created.name}: ${created.grants.join(' ')}`);
  output.result(created, created.token);
}

function tokenTable(found: readonly TokenInfo[], bold: (text: string) => string): string {
  const titles = ['id', 'name', 'created', 'by', 'may'].map((title) => ({ title }));
  const rows = found.map(({ id, name, created, createdBy, grants }) => [
    ...[id, name, created, createdBy, grants.join(' ')],
  ]);
  return aligned(titles, rows, bold);
}

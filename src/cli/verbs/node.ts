/** `dftfs node`: the process becomes a node of a cluster. */
import { resolve } from 'node:path';
import { UsageError } from '../exit-codes.ts';
import type { Session } from '../session.ts';
import type { Verb } from '../verb.ts';

export const node: Verb = {
  name: 'node',
  summary: 'run a node of a cluster, with the settings of a file',
  arguments: [],
  options: [
    { name: 'config', value: 'FILE', help: 'its settings: see docs/configuration.md' },
    { name: 'check', help: 'only look whether settings, secret and certificates make sense' },
  ],
  details: [
    'It needs etcd at the endpoints that the settings name. Its log goes to stderr. It ends on SIGTERM and SIGINT, when what is under way is done, and looks for newer certificates on SIGHUP. Something has to start it again when it ends: see deploy/systemd.',
  ],
  examples: [
    { line: 'dftfs node --config /var/lib/dftfs/alpha-1/config.json', says: 'until it is stopped' },
  ],
  standsAlone: true,
  run: runNode,
};

async function runNode({ terminal, options, output }: Session): Promise<void> {
  const { machine } = terminal;
  if (machine === undefined) throw new UsageError('There is no server here to be started.');
  const given = options.text('config');
  if (!given) throw new UsageError('Name the settings: --config FILE.');
  const config = resolve(given);
  if (!options.flag('check')) return machine.becomeNode(config);
  const { id } = await machine.checkNode(config).catch((error: Error) => {
    throw new UsageError(error.message, { cause: error });
  });
  output.done({ config, node: id, fine: true }, `${output.name(config)} is fine: node ${id}`);
}

/** `dftfs prepare`: what several machines need to be a cluster, in folders to be copied to them. */
import { resolve } from 'node:path';
import { UsageError } from '../exit-codes.ts';
import type { Session } from '../session.ts';
import type { Verb } from '../verb.ts';

const nodesMax = 16;

export const prepare: Verb = {
  name: 'prepare',
  summary: 'make settings, secret and certificates for the machines of a cluster',
  arguments: [{ name: 'FOLDER', kind: 'local' }],
  options: [
    {
      name: 'machine',
      value: 'NAME=ADDRESS',
      many: true,
      help: 'an IPv4 address, or a name that all machines resolve; the name is its zone',
    },
    { name: 'nodes', value: 'N', help: 'nodes on each machine (default 2)' },
    { name: 'new-era', help: 'settings for names that are about to be restored from a backup' },
    { name: 'renew', help: 'make all certificates anew; what runs takes them without a restart' },
  ],
  details: [
    'FOLDER/machines/NAME becomes /var/lib/dftfs on that machine. The rest stays with you: the key of the authority, with which whoever has it can make certificates, and the first token.',
    'Run it again to add machines or nodes, or to renew: it writes what is missing and nothing else, so what you have changed in a config.json stays. Of the first machines one, three or five run etcd; those that are added later run nodes only.',
  ],
  examples: [
    {
      line: 'dftfs prepare cluster --machine a=10.0.0.1 --machine b=10.0.0.2 --machine c=10.0.0.3',
      says: 'three machines, each with two nodes and a member of etcd',
    },
    { line: 'dftfs prepare cluster --machine d=10.0.0.4', says: 'later: one more' },
  ],
  standsAlone: true,
  run: runPrepare,
};

async function runPrepare({ terminal, args, options, output }: Session): Promise<void> {
  const { machine: side } = terminal;
  if (side === undefined) throw new UsageError('There is nothing here to prepare a server with.');
  const isGiven = options.text('nodes') !== undefined;
  const { machines, ca, adminToken } = await side.prepare({
    folder: resolve(args[0] ?? ''),
    machines: options.texts('machine'),
    nodes: isGiven ? options.count('nodes', 1, nodesMax) : undefined,
    renew: options.flag('renew'),
    newEra: options.flag('new-era'),
  });
  for (const machine of machines) {
    const { name, nodes, etcd, folder, written } = machine;
    const runs = [...(etcd ? ['etcd'] : []), ...nodes].join(', ');
    output.result(machine, `${name}: ${runs}; ${written} files new in ${output.name(folder)}`);
  }
  output.note('copy each folder to its machine as /var/lib/dftfs; see docs/multi-host.md');
  output.note(`clients need ${output.name(ca)}; the first token is in ${output.name(adminToken)}`);
}

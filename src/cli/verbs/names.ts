/** `dftfs names`: what a cluster of several machines knows of its files, kept and brought back. */
import { resolve } from 'node:path';
import { UsageError } from '../exit-codes.ts';
import type { Session } from '../session.ts';
import type { NamesSide } from '../terminal.ts';
import type { Argument, Verb } from '../verb.ts';

const folderOfCluster: Argument = { name: 'FOLDER', kind: 'local' };
const file: Argument = { name: 'FILE', kind: 'local' };
const folderSays = 'FOLDER is what dftfs prepare has made; etcd has to be reachable from here.';

export const backUpNames: Verb = {
  name: 'names backup',
  summary: 'keep the names of all files in a file of this machine',
  arguments: [folderOfCluster, file],
  options: [],
  details: [
    `${folderSays} The cluster goes on meanwhile. It is worth something only together with the nodes' disks, where the bytes are.`,
  ],
  examples: [{ line: 'dftfs names backup cluster /safe/names-$(date +%F).backup', says: 'often' }],
  standsAlone: true,
  run: async (session) => {
    const { output } = session;
    const { names, folder, kept } = given(session);
    await names.backUp(folder, kept);
    output.done({ file: kept }, `the names are in ${output.name(kept)}`);
  },
};

export const restoreNames: Verb = {
  name: 'names restore',
  summary: 'begin etcd’s names anew from a backup',
  arguments: [folderOfCluster, file],
  options: [],
  details: [
    `${folderSays} Before it: dftfs prepare --new-era, and on each machine nodes and etcd stopped, etcd's data put aside, the new settings in place, etcd started. See docs/multi-host.md.`,
    'Names of an etcd that has any are never touched. Interrupted, do it again with the same backup: no node comes in before it is done.',
  ],
  standsAlone: true,
  run: async (session) => {
    const { output } = session;
    const { names, folder, kept } = given(session);
    const { entries, takenMs } = await names.restore(folder, kept);
    const taken = new Date(takenMs).toISOString();
    output.done({ restored: kept, entries, taken }, `the names are those of ${taken}`);
    output.note('start the nodes; what was put since is kept until dftfs names release');
  },
};

export const releaseNames: Verb = {
  name: 'names release',
  summary: 'after a restore: let go of bytes that the restored names do not know',
  arguments: [folderOfCluster],
  options: [],
  details: ['Until then nothing is thrown away for want of a name: look around first.'],
  standsAlone: true,
  run: async (session) => {
    const { names, folder } = given(session);
    const released = await names.release(folder);
    session.output.done(
      { released },
      released ? 'what has no name may be thrown away again' : 'there was nothing to release',
    );
  },
};

interface Given {
  readonly names: NamesSide;
  readonly folder: string;
  readonly kept: string;
}

function given({ terminal, args }: Session): Given {
  const { machine } = terminal;
  if (machine === undefined) throw new UsageError('There is nothing here that knows of machines.');
  const [folder = '', kept = ''] = args.map((word) => resolve(word));
  return { names: machine.names, folder, kept };
}

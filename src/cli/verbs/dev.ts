/** `dftfs dev`: a storage in this very process, for as long as it runs. */
import { once } from 'node:events';
import { resolve } from 'node:path';
import { LocalError, UsageError } from '../exit-codes.ts';
import type { Session } from '../session.ts';
import type { Verb } from '../verb.ts';

const folderDefault = '.dftfs';
const portDefault = 8080;

export const dev: Verb = {
  name: 'dev',
  summary: 'run a storage of one process, without etcd, for a laptop or for tests',
  arguments: [],
  options: [
    { name: 'data', value: 'FOLDER', help: `where its files are (default ${folderDefault})` },
    {
      name: 'port',
      value: 'N',
      help: `where it answers (default ${portDefault}); 0: where it is free`,
    },
  ],
  details: [
    'It answers on 127.0.0.1 as a cluster does, and keeps what it has acknowledged when it is ended in whatever way. It is not fault tolerant: one process, one disk, one copy of each file.',
    'The URL goes to stdout when it is ready. It runs until it is interrupted. Warnings of its log go to stderr.',
  ],
  examples: [
    { line: 'dftfs dev', says: 'files in ./.dftfs, at http://127.0.0.1:8080' },
    {
      line: 'dftfs cp -r --to http://10.0.0.1:8080 / /',
      says: 'all its files to a cluster, while it runs',
    },
  ],
  standsAlone: true,
  run: runDev,
};

async function runDev({ terminal, options, output, signal }: Session): Promise<void> {
  const { startDev } = terminal;
  if (startDev === undefined) throw new UsageError('There is no server here to be started.');
  const folder = resolve(options.text('data') ?? folderDefault);
  const port = options.count('port', portDefault, 65_535, 0);
  const log = (line: string) => void terminal.stderr.write(line);
  const server = await startDev({ folder, port, log }).catch((error: unknown) => {
    throw explained(error, port);
  });
  try {
    output.result({ url: server.url, folder, faultTolerant: false }, server.url);
    output.note(`files in ${output.name(folder)}; Ctrl-C ends it`);
    output.warn('not fault tolerant: one process, one disk, one copy of each file');
    if (!signal.aborted) await once(signal, 'abort');
  } finally {
    await server.close();
  }
}

function explained(error: unknown, port: number): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') return new LocalError(`Port ${port} is taken: name another, --port.`);
  return code === 'ELOCKED' ? new LocalError(message) : error;
}

/** What `dftfs` does on a machine of a cluster rather than as its client. */
import process from 'node:process';
import { LocalError } from '#cli/exit-codes.ts';
import type { MachineSide } from '#cli/terminal.ts';
import { readNodeConfig } from '#config/node-config.ts';
import { createNodeWorld } from '#io/node/world.ts';
import { silentLogger } from '#observe/log.ts';
import { LaunchError } from './local/launch-error.ts';
import { nodeProgram, runtimeFlags } from './local/launch-node.ts';
import { backUpMachines, releaseMachines, restoreMachines } from './machines/machine-names.ts';
import { prepareMachines } from './machines/prepare.ts';
import { openNodeSecrets } from './node-secrets.ts';

const told = <T>(work: Promise<T>): Promise<T> =>
  work.catch((error: unknown) => {
    throw error instanceof LaunchError ? new LocalError(error.message) : error;
  });

export const machineSide: MachineSide = {
  prepare: (options) => told(prepareMachines(options)),
  names: {
    backUp: (folder, file) => told(backUpMachines(folder, file)),
    restore: (folder, file) => told(restoreMachines(folder, file)),
    release: (folder) => told(releaseMachines(folder)),
  },
  async checkNode(path) {
    const config = readNodeConfig(path, process.env);
    await openNodeSecrets(createNodeWorld(), config, silentLogger);
    return { id: config.node.id };
  },
  /** The same process, so that signals of whoever started it reach the node. */
  async becomeNode(path) {
    const { execPath, execve, env } = process;
    if (execve === undefined) throw new LocalError('A node needs Node.js 24 or newer.');
    return execve(execPath, [execPath, ...runtimeFlags, nodeProgram, '--config', path], env);
  },
};

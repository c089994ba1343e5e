/** The command lines of start.sh, stop.sh, backup.sh and restore.sh. */
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { LaunchError } from './launch-error.ts';
import { defaultDataFolder } from './project.ts';

export interface StartOptions {
  readonly data: string;
  /** What isn't given is as it was at the first start, or the default. */
  readonly nodes: number | undefined;
  readonly etcd: number | undefined;
  readonly port: number | undefined;
  readonly etcdQuotaBytes: number | undefined;
  readonly host: string | undefined;
  readonly tls: boolean | undefined;
  /** All processes get new certificates. */
  readonly renew: boolean;
  readonly tokens: boolean | undefined;
  readonly insecure: boolean | undefined;
}

export interface BackupOptions {
  readonly data: string;
  readonly file: string;
}

export interface RestoreOptions {
  readonly data: string;
  /** Undefined: the hold of an earlier restore is to be released. */
  readonly file: string | undefined;
}

export interface StopOptions {
  readonly data: string;
  readonly wipe: boolean;
}

const MiB = 1024 * 1024;

export const startHelp = `usage: ./start.sh [options]

Starts a cluster on this machine, or whatever part of it isn't running, and waits until it answers.
Prints the PID of every process started, one a line, on stdout; a table of all on stderr.

  --nodes N    nodes (default 6); more than at the first start adds nodes
  --etcd N     etcd members (default 5), fixed at the first start
  --port P     the public port (default 8080)
  --etcd-quota MIB
               space for names in each etcd member (default and at most advised: 8192)
  --host ADDRESS
               where clients come in (default 127.0.0.1); any that other machines reach needs
               --tls and --tokens, or --insecure
  --tls        TLS everywhere, with an authority of the cluster's own, DIR/tls/ca.crt; fixed at
               the first start
  --renew-certificates
               make all certificates anew; what runs takes them without a restart
  --tokens     clients have to show a token; the first is written to DIR/admin-token.
               --no-tokens takes it back
  --insecure   let others in without TLS or tokens; --no-insecure takes it back
  --data DIR   where everything is kept, one subfolder a process (default: data, in the project)
  --help       this text
`;

export const stopHelp = `usage: ./stop.sh [options]

Stops every process of a cluster on this machine.

  --data DIR   the cluster's data folder (default: data, in the project)
  --wipe       delete its data too
  --help       this text
`;

export const backupHelp = `usage: ./backup.sh --out FILE [options]

Writes all names of a running cluster, as they are at one moment, to a new file. Names, not bytes of
files: those stay on the nodes' disks.

  --out FILE   where to
  --data DIR   the cluster's data folder (default: data, in the project)
  --help       this text
`;

export const restoreHelp = `usage: ./restore.sh --from FILE [options]
       ./restore.sh --release [options]

Begins the names of a stopped cluster anew with those of a backup. Files that were put since lose
their names, but their bytes are kept until they are released.

  --from FILE  what backup.sh wrote
  --release    afterwards, while the cluster runs: what has no name may be thrown away
  --data DIR   the cluster's data folder (default: data, in the project)
  --help       this text
`;

const flag = { type: 'boolean' } as const;
const help = flag;
const word = { type: 'string' } as const;

/** Undefined: help was asked for. */
export function parseStartOptions(args: readonly string[]): StartOptions | undefined {
  const access = { host: word, tls: flag, tokens: flag, insecure: flag } as const;
  const renewing = { 'renew-certificates': flag } as const;
  const shape = { nodes: word, etcd: word, port: word, 'etcd-quota': word } as const;
  const values = parse(args, { ...shape, ...access, ...renewing, data: word, help });
  if (values.help === true) return undefined;
  const quotaMiB = count('--etcd-quota', values['etcd-quota'], 100_000);
  return {
    data: folder(values.data),
    nodes: count('--nodes', values.nodes, 100),
    etcd: count('--etcd', values.etcd, 9),
    port: count('--port', values.port, 65_535),
    etcdQuotaBytes: quotaMiB === undefined ? undefined : quotaMiB * MiB,
    host: address(values.host),
    tls: values.tls,
    renew: values['renew-certificates'] ?? false,
    tokens: values.tokens,
    insecure: values.insecure,
  };
}

/** Undefined: help was asked for. */
export function parseStopOptions(args: readonly string[]): StopOptions | undefined {
  const values = parse(args, { wipe: { type: 'boolean' }, data: word, help });
  if (values.help === true) return undefined;
  return { data: folder(values.data), wipe: values.wipe === true };
}

/** Undefined: help was asked for. */
export function parseBackupOptions(args: readonly string[]): BackupOptions | undefined {
  const values = parse(args, { out: word, data: word, help });
  if (values.help === true) return undefined;
  if (!values.out) throw new LaunchError('name a file for the backup with --out; see --help');
  return { data: folder(values.data), file: resolve(values.out) };
}

/** Undefined: help was asked for. */
export function parseRestoreOptions(args: readonly string[]): RestoreOptions | undefined {
  const values = parse(args, { from: word, release: { type: 'boolean' }, data: word, help });
  if (values.help === true) return undefined;
  const release = values.release === true;
  if (release === Boolean(values.from)) {
    throw new LaunchError('name a backup with --from, or --release what one holds; see --help');
  }
  return { data: folder(values.data), file: values.from && resolve(values.from) };
}

function parse<const T extends NonNullable<Parameters<typeof parseArgs>[0]>['options']>(
  args: readonly string[],
  options: T,
) {
  try {
    return parseArgs({ args, options, strict: true, allowNegative: true }).values;
  } catch (error) {
    const [said = ''] = (error as Error).message.split(/\. |\n/);
    throw new LaunchError(`${said}; see --help`);
  }
}

function folder(given: string | undefined): string {
  if (given === '') throw new LaunchError('--data must name a folder');
  return given === undefined ? defaultDataFolder : resolve(given);
}

function address(given: string | undefined): string | undefined {
  if (given === undefined || isIP(given) !== 0 || given === 'localhost') return given;
  throw new LaunchError(`--host must be an address, as 0.0.0.0, not ${given || 'empty'}`);
}

function count(option: string, given: string | undefined, most: number): number | undefined {
  if (given === undefined) return undefined;
  const value = /^\d{1,6}$/.test(given) ? Number(given) : 0;
  if (value >= 1 && value <= most) return value;
  throw new LaunchError(`${option} must be a number from 1 to ${most}, not ${given || 'empty'}`);
}

/**
 * Where the cluster answers and with which token it is asked: from flags, else the environment,
 * else a file.
 */
import { readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { UsageError } from './exit-codes.ts';
import { findToken } from './token-source.ts';

export interface Settings {
  readonly endpoints: readonly string[];
  readonly token: string | undefined;
  /** For the other cluster, where there are two. */
  readonly otherToken: string | undefined;
  /** Whose signature counts over https, as PEM. */
  readonly ca: string | undefined;
  /** To be told to whoever runs this. */
  readonly warnings: readonly string[];
}

export const noSettings: Settings = {
  endpoints: [],
  token: undefined,
  otherToken: undefined,
  ca: undefined,
  warnings: [],
};

export interface GivenSettings {
  readonly endpoints: readonly string[];
  readonly token?: string | undefined;
  readonly tokenFile?: string | undefined;
  readonly otherToken?: string | undefined;
  readonly otherTokenFile?: string | undefined;
  /** A file of certificates. */
  readonly ca?: string | undefined;
}

type FileSettings = Pick<GivenSettings, 'endpoints' | 'token' | 'tokenFile' | 'ca'> & {
  readonly warnings: readonly string[];
};

export const endpointDefault = 'http://127.0.0.1:8080';

type Environment = Readonly<Record<string, string | undefined>>;

export const settingsPath = (environment: Environment): string => {
  const { XDG_CONFIG_HOME: xdg, HOME: home = homedir() } = environment;
  return join(xdg?.startsWith('/') ? xdg : join(home, '.config'), 'dftfs', 'config.json');
};

/** Throws UsageError. */
export async function readSettings(
  given: GivenSettings,
  environment: Environment,
): Promise<Settings> {
  const path = settingsPath(environment);
  const kept = await readFileSettings(path);
  const fromEnvironment = (environment.DFTFS_ENDPOINT ?? '').split(/[\s,]+/).filter(Boolean);
  const [endpoints = [endpointDefault]] = [given.endpoints, fromEnvironment, kept.endpoints].filter(
    (list) => list.length > 0,
  );
  const { token, warnings } = await findToken([
    { names: '--token and --token-file', token: given.token, file: given.tokenFile },
    {
      names: 'DFTFS_TOKEN and DFTFS_TOKEN_FILE',
      ...{ token: environment.DFTFS_TOKEN, file: environment.DFTFS_TOKEN_FILE },
    },
    { names: `"token" and "tokenFile" in ${path}`, token: kept.token, file: kept.tokenFile },
  ]);
  const other = await findToken([
    {
      names: '--to-token and --to-token-file',
      token: given.otherToken,
      file: given.otherTokenFile,
    },
    {
      names: 'DFTFS_TO_TOKEN and DFTFS_TO_TOKEN_FILE',
      ...{ token: environment.DFTFS_TO_TOKEN, file: environment.DFTFS_TO_TOKEN_FILE },
    },
  ]);
  return {
    endpoints: endpoints.map(checkedEndpoint),
    ...{ token, otherToken: other.token },
    ca: await readAuthorities(given.ca || environment.DFTFS_CA || kept.ca),
    warnings: [...kept.warnings, ...warnings, ...other.warnings],
  };
}

async function readAuthorities(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw new UsageError(`${file} can't be read: ${error.message}`);
  });
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  throw new UsageError(`${file} holds no certificate.`);
}

async function readFileSettings(path: string): Promise<FileSettings> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw new UsageError(`${path} can't be read: ${error.message}`);
  });
  if (text === undefined) return { endpoints: [], warnings: [] };
  const kept = parseSettings(text, path);
  const { mode } = await stat(path);
  const isOpen = kept.token !== undefined && (mode & 0o077) !== 0;
  const warning = `${path} holds a token and others may read it: chmod 600 it.`;
  return { ...kept, warnings: isOpen ? [warning] : [] };
}

function parseSettings(text: string, path: string): Omit<FileSettings, 'warnings'> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${path} isn't JSON: ${(error as Error).message}`);
  }
  if (typeof value !== 'object' || value === null) throw new UsageError(`${path}: not an object.`);
  const {
    endpoint,
    endpoints = endpoint === undefined ? [] : [endpoint],
    token,
    tokenFile,
    ca,
    ...rest
  } = value as Record<string, unknown>;
  const unknown = Object.keys(rest)[0];
  if (unknown !== undefined) throw new UsageError(`${path}: there is no setting "${unknown}".`);
  if (!Array.isArray(endpoints) || !endpoints.every((one) => typeof one === 'string')) {
    throw new UsageError(`${path}: "endpoints" is a list of URLs.`);
  }
  if (token !== undefined && typeof token !== 'string') {
    throw new UsageError(`${path}: "token" is a text.`);
  }
  if (tokenFile !== undefined && typeof tokenFile !== 'string') {
    throw new UsageError(`${path}: "tokenFile" is the path of a file.`);
  }
  if (ca !== undefined && typeof ca !== 'string') {
    throw new UsageError(`${path}: "ca" is the path of a file.`);
  }
  return { endpoints, token, tokenFile, ca };
}

/** `host:port` is enough. Throws UsageError. */
export function checkedEndpoint(text: string): string {
  const url = URL.parse(/^[a-z]+:\/\//i.test(text) ? text : `http://${text}`);
  const isPlain = url?.pathname === '/' && url.search === '' && url.username === '';
  if (url && isPlain && ['http:', 'https:'].includes(url.protocol)) return url.origin;
  throw new UsageError(`${JSON.stringify(text)} is no endpoint: http://host:port is one.`);
}

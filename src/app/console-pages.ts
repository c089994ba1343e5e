/** The console's built files, as pages of the gateway. They are few and small: kept in memory. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { StaticPage } from '#gateways/rest/call.ts';
import type { Logger } from '#observe/log.ts';
import { projectFolder } from './local/project.ts';

export const consoleFolder = join(projectFolder, 'console/dist');

const typeOf: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** An address of the net as a policy can name it. */
const doorForm = /^[a-z0-9.-]+:[0-9]{1,5}$/i;

/**
 * Nothing from elsewhere, nothing inline; pictures of files are shown from memory. The nodes' own
 * doors may be knocked at: a page whose door is gone looks for another.
 */
const policyWith = (doors: readonly string[]): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    ["connect-src 'self'", ...doors.filter((door) => doorForm.test(door))].join(' '),
    "img-src 'self' blob:",
    // For downloads that show a token: see console/src/api/save.ts.
    "frame-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ].join('; ');

const headersWith = (doors: readonly string[]): readonly string[] => [
  ...['Content-Security-Policy', policyWith(doors)],
  ...['Referrer-Policy', 'no-referrer'],
  ...['Cross-Origin-Opener-Policy', 'same-origin'],
  // Asked for anew each time, and answered by 304: a node of another version has another console.
  ...['Cache-Control', 'no-cache'],
];

export interface ConsoleDeps {
  readonly log: Pick<Logger, 'warn'>;
  /** Of all nodes, for clients: `host:port`. */
  readonly doors: () => readonly string[];
}

/** A node without its console is a node all the same. */
export async function readConsolePages(
  folder: string,
  { log, doors }: ConsoleDeps,
): Promise<ReadonlyMap<string, StaticPage>> {
  const headers = () => headersWith(doors());
  try {
    const names = (await readdir(folder)).filter((name) => typeOf[extname(name)] !== undefined);
    const read = async (name: string) =>
      [pathOf(name), { ...(await readPage(folder, name)), headers }] as const;
    return new Map(await Promise.all(names.map(read)));
  } catch (error) {
    log.warn('the console is missing', { folder, error });
    return new Map();
  }
}

const pathOf = (name: string): string => `/-/console/${name === 'index.html' ? '' : name}`;

async function readPage(folder: string, name: string): Promise<Omit<StaticPage, 'headers'>> {
  const body = await readFile(join(folder, name));
  const contentType = typeOf[extname(name)] as string;
  const digest = createHash('sha256').update(body).digest('base64url');
  return { contentType, body, etag: `"${digest}"` };
}

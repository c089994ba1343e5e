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

/** Nothing from elsewhere, nothing inline; pictures of files are shown from memory. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' blob:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

const headers = [
  ...['Content-Security-Policy', policy],
  ...['Referrer-Policy', 'no-referrer'],
  ...['Cross-Origin-Opener-Policy', 'same-origin'],
  // Asked for anew each time, and answered by 304: a node of another version has another console.
  ...['Cache-Control', 'no-cache'],
];

/** A node without its console is a node all the same. */
export async function readConsolePages(
  folder: string,
  log: Pick<Logger, 'warn'>,
): Promise<ReadonlyMap<string, StaticPage>> {
  try {
    const names = (await readdir(folder)).filter((name) => typeOf[extname(name)] !== undefined);
    return new Map(await Promise.all(names.map((name) => readPage(folder, name))));
  } catch (error) {
    log.warn('the console is missing', { folder, error });
    return new Map();
  }
}

async function readPage(folder: string, name: string): Promise<readonly [string, StaticPage]> {
  const body = await readFile(join(folder, name));
  const contentType = typeOf[extname(name)] as string;
  const digest = createHash('sha256').update(body).digest('base64url');
  const path = `/-/console/${name === 'index.html' ? '' : name}`;
  return [path, { contentType, body, etag: `"${digest}"`, headers }];
}

/** `GET /exists`: one byte, `1` or `0`. */
import { DftfsError } from '#base/errors.ts';
import { parseFilePath } from '#base/path.ts';
import { readArguments } from '../arguments.ts';
import type { Call } from '../call.ts';

const prefix = '/exists';
const headers = ['Content-Type', 'text/plain', 'Cache-Control', 'no-store'];

export async function exists(call: Call): Promise<void> {
  const { exchange, services } = call;
  const path = await pathOf(call);
  exchange.path = path;
  const entry = await services.files.lookup(path, exchange);
  exchange.respond(200, headers, entry ? '1' : '0');
}

async function pathOf(call: Call): Promise<string> {
  const { path, folder } = call.target;
  if (path !== prefix) {
    await readArguments(call, {});
    return parseFilePath(path.slice(prefix.length) + (folder ? '/' : ''));
  }
  const argument = (await readArguments(call, { path: ['path'] })).text('path');
  if (argument !== undefined) return parseFilePath(argument);
  throw new DftfsError('invalid_argument', 'Name a path: /exists?path=/a or /exists/a.');
}

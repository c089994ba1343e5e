/**
 * `GET /ls`, and `GET` of any path with a slash at its end: a page of names, or all as a stream.
 */
import { DftfsError } from '#base/errors.ts';
import { listPageMax } from '#base/limits.ts';
import { parseFolderPath } from '#base/path.ts';
import type { ListEntry, ListOptions, ListPage } from '#files/files.ts';
import { type Arguments, readArguments } from '../arguments.ts';
import { type Call, respondJson } from '../call.ts';
import { listingPage } from './listing-page.ts';

const pageNames = { recursive: ['recursive'], limit: ['limit'], after: ['after'] };
const names = { path: ['path'], ...pageNames };

export async function ls(call: Call): Promise<void> {
  const found = await readArguments(call, names);
  await answer(call, optionsOf(parseFolderPath(found.text('path') ?? '/'), found), found);
}

export async function listFolder(call: Call): Promise<void> {
  const found = await readArguments(call, pageNames);
  const options = optionsOf(call.target.path, found);
  if (!accepts(call, 'text/html')) return answer(call, options, found);
  const page = await firstPage(call, options);
  const headers = [
    'Content-Type',
    'text/html; charset=utf-8',
    'Content-Security-Policy',
    "default-src 'none'; style-src 'unsafe-inline'",
    'X-Content-Type-Options',
    'nosniff',
    'Vary',
    'Accept',
  ];
  call.exchange.respond(200, headers, listingPage(options.folder, page));
}

const accepts = ({ head }: Call, type: string): boolean =>
  head.headers.get('accept')?.toLowerCase().includes(type) ?? false;

function optionsOf(folder: string, found: Arguments): ListOptions {
  const after = found.text('after');
  const limit = Math.min(found.count('limit') ?? listPageMax, listPageMax);
  return { folder, recursive: found.flag('recursive'), limit, ...(after ? { after } : {}) };
}

async function answer(call: Call, options: ListOptions, found: Arguments): Promise<void> {
  const page = await firstPage(call, options);
  if (accepts(call, 'application/x-ndjson')) {
    const total = found.count('limit') ?? Number.POSITIVE_INFINITY;
    return stream(call, options, page, total);
  }
  const { entries, next } = page;
  respondJson(call.exchange, { path: options.folder, entries: entries.map(shown), next });
}

const shown = ({ name, kind, size, modifiedMs }: ListEntry): object => ({
  name,
  kind,
  ...(size === undefined ? {} : { size }),
  ...(modifiedMs === undefined ? {} : { modified: new Date(modifiedMs).toISOString() }),
});

/** Empty only where something is, or may have been before `after`. A file lists itself. */
async function firstPage(call: Call, options: ListOptions): Promise<ListPage> {
  const { exchange, services } = call;
  const { folder, after } = options;
  exchange.path = folder;
  const page = await services.files.list(options, exchange);
  if (page.entries.length > 0 || after !== undefined || folder === '/') return page;
  const entry = await services.files.lookup(folder, exchange);
  if (!entry) {
    const detail = `Nothing is at or under ${folder}.`;
    throw new DftfsError('path_not_found', detail, { path: folder });
  }
  const { size, modifiedMs } = entry.record;
  const name = folder.slice(folder.lastIndexOf('/') + 1);
  return { ...page, entries: [{ name, kind: 'file', size, modifiedMs }] };
}

/** One line an entry, page after page at one revision. */
async function stream(
  call: Call,
  options: ListOptions,
  first: ListPage,
  total: number,
): Promise<void> {
  const { exchange, services } = call;
  const response = exchange.begin(200, [
    ...['Content-Type', 'application/x-ndjson', 'X-Content-Type-Options', 'nosniff'],
  ]);
  if (!response || call.head.method === 'HEAD') return void response?.end();
  let page = first;
  let room = total;
  while (true) {
    const entries = page.entries.slice(0, room);
    room -= entries.length;
    const lines = entries.map((entry) => `${JSON.stringify(shown(entry))}\n`).join('');
    await exchange.write(response, Buffer.from(lines));
    if (exchange.closed) return;
    if (page.next === undefined || room === 0) break;
    const { revision, next } = page;
    page = await services.files.list({ ...options, after: next, revision }, exchange);
  }
  response.end();
}

/** What is asked of files. Paths are absolute, as people write them. */
import type { FileStat, ListEntry } from '#client/storage.ts';
import { call, json, newKey, query } from './http.ts';

export interface Listing {
  readonly path: string;
  readonly entries: readonly ListEntry[];
  readonly next?: string;
}

export interface ListOptions {
  readonly recursive: boolean;
  readonly after?: string | undefined;
  readonly limit: number;
  readonly signal?: AbortSignal;
}

export function list(folder: string, options: ListOptions): Promise<Listing> {
  const { recursive, after, limit, signal } = options;
  const values = {
    ...{ path: folder, limit: String(limit) },
    ...(recursive ? { recursive: 'true' } : {}),
    ...(after === undefined ? {} : { after }),
  };
  return json(`/ls?${query(values)}`, signal === undefined ? {} : { signal });
}

export const stat = (path: string, signal?: AbortSignal): Promise<FileStat> =>
  json(`/stat?${query({ path })}`, signal === undefined ? {} : { signal });

export async function exists(path: string): Promise<boolean> {
  return (await (await call(`/exists?${query({ path })}`)).text()) === '1';
}

export const copy = (from: string, to: string): Promise<unknown> => transfer('/copy', from, to);
export const move = (from: string, to: string): Promise<unknown> => transfer('/move', from, to);

function transfer(verb: string, from: string, to: string): Promise<unknown> {
  const target = `${verb}?${query({ source_path: from, destination_path: to })}`;
  return json(target, { method: 'POST', headers: { 'Idempotency-Key': newKey() } });
}

/** How many files are gone. */
export async function remove(path: string, recursive: boolean): Promise<number> {
  const values = { path, ...(recursive ? { recursive: 'true' } : {}) };
  // A folder may hold much: its removal goes on as long as it needs.
  const options = { timeoutMs: recursive ? 600_000 : 10_000 };
  const headers: Record<string, string> = recursive ? {} : { 'Idempotency-Key': newKey() };
  const target = `/rm?${query(values)}`;
  const answer = await json<{ readonly removed: number }>(target, {
    ...{ method: 'POST', headers },
    ...options,
  });
  return answer.removed;
}

/** The address of a file's bytes. */
export const fileHref = (path: string): string => `/path?${query({ path })}`;

/** Its first bytes. */
export async function readStart(path: string, bytes: number, signal: AbortSignal): Promise<Blob> {
  const headers = bytes > 0 ? { Range: `bytes=0-${bytes - 1}` } : {};
  const response = await call(fileHref(path), { headers, signal, timeoutMs: 60_000 });
  return await response.blob();
}

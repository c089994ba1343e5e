/**
 * Who made a name. A file record keeps the request that made it, so that its repetition is
 * recognised when the first answer was lost: the client's Idempotency-Key with the verb, else the
 * operation's own id.
 */
import { DftfsError } from '#base/errors.ts';
import type { OperationId } from '#base/ids.ts';
import type { FileEntry } from './records.ts';

export type RequestVerb = 'put' | 'copy' | 'move';
const verbs: readonly RequestVerb[] = ['put', 'copy', 'move'];

export const requestOfKey = (verb: RequestVerb, key: string): string => `${verb}:${key}`;

/**
 * Without a key nothing can be repeated, so the request only has to be different from all others.
 */
export const requestOf = (
  verb: RequestVerb,
  key: string | undefined,
  operation: OperationId,
): string => (key === undefined ? `operation:${operation}` : requestOfKey(verb, key));

/**
 * The path is taken by `entry`, which `request` (undefined: one without a key) didn't make: why it
 * fails.
 */
export function pathTaken({ path, record }: FileEntry, request: string | undefined): DftfsError {
  if (request !== undefined && otherVerbs(request).includes(record.request)) return keyReused(path);
  return new DftfsError('path_exists', `${path} exists already, and nothing was changed.`, {
    path,
  });
}

export const keyReused = (path: string): DftfsError =>
  new DftfsError(
    'idempotency_key_reused',
    `The Idempotency-Key was used for another request on ${path}; use a new key.`,
    { path },
  );

function otherVerbs(request: string): string[] {
  const verb = verbs.find((candidate) => request.startsWith(`${candidate}:`));
  if (verb === undefined) return [];
  const key = request.slice(verb.length + 1);
  return verbs.filter((other) => other !== verb).map((other) => requestOfKey(other, key));
}

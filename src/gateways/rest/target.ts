/**
 * The request target, decoded once and for all. Never by `new URL()`, which would resolve dot
 * segments.
 */
import { DftfsError } from '#base/errors.ts';
import { pathBytesMax } from '#base/limits.ts';
import { decodeTarget, parseFilePath, parsePath } from '#base/path.ts';
import { HttpProblem } from './problem.ts';
import type { RequestHead } from './request-head.ts';

export interface Target {
  /** Canonical: one leading slash, none at the end. */
  readonly path: string;
  /** It was written with a slash at its end. */
  readonly folder: boolean;
  /** What follows '?', not decoded. */
  readonly query: string;
}

/** Every byte escaped, and room for runs of slashes. */
const rawPathMax = 4 * pathBytesMax;

const bad = (detail: string): HttpProblem => new HttpProblem('bad_request', detail);

export function readTarget(head: RequestHead): Target {
  const raw = originForm(head);
  if (raw.includes('#')) throw bad('The request target holds a fragment; write # as %23.');
  const mark = raw.indexOf('?');
  const rawPath = mark < 0 ? raw : raw.slice(0, mark);
  if (rawPath.length > rawPathMax) {
    throw new DftfsError('path_too_long', `A path has at most ${pathBytesMax} bytes.`);
  }
  const { path, folder } = parsePath(decodeTarget(rawPath));
  return { path, folder, query: mark < 0 ? '' : raw.slice(mark + 1) };
}

/** The file's path that the target itself is. Throws invalid_path, reserved_path. */
export const filePathOf = (target: Target): string =>
  parseFilePath(target.folder ? `${target.path}/` : target.path);

const absolute = /^https?:\/\/([^/?#]*)(.*)$/i;

function originForm({ target, headers }: RequestHead): string {
  if (target.startsWith('/')) return target;
  const [, authority, rest = ''] = absolute.exec(target) ?? [];
  if (authority === undefined) throw bad('The request target is neither a path nor a URL.');
  if (authority.toLowerCase() === headers.get('host')?.toLowerCase()) {
    return rest.startsWith('/') ? rest : `/${rest}`;
  }
  throw new HttpProblem('misdirected_request', `This server isn't a proxy to ${authority}.`);
}

/**
 * What a token allows: rights over everything at and under a path. Pure, and the one place that
 * decides. A path that no grant names is denied.
 */
import { DftfsError } from '#base/errors.ts';
import { parseFolderPath } from '#base/path.ts';

export const rights = ['read', 'write', 'delete', 'list', 'admin'] as const;

/** `admin` is the right to everything, tokens and nodes among it. */
export type Right = (typeof rights)[number];

export interface Grant {
  readonly rights: readonly Right[];
  /** The path itself and all that is under it: '/a' is nothing to '/ab'. */
  readonly prefix: string;
}

/** Who asks. */
export interface Identity {
  /** Of the token: no secret. */
  readonly id: string;
  readonly name: string;
  readonly grants: readonly Grant[];
}

export function mayDo({ grants }: Identity, right: Right, path: string): boolean {
  return grants.some(
    ({ rights: given, prefix }) =>
      given.includes('admin') || (given.includes(right) && covers(prefix, path)),
  );
}

/** Throws forbidden. Right to a folder is right to all in it. */
export function authorise(identity: Identity, right: Right, path: string): void {
  if (mayDo(identity, right, path)) return;
  const detail =
    right === 'admin'
      ? `The token ${identity.name} isn't an administrator's.`
      : `The token ${identity.name} has no right to ${right} ${path}.`;
  throw new DftfsError('forbidden', detail, { path });
}

/** The root is that of files: a system page has to be named. */
function covers(prefix: string, path: string): boolean {
  if (prefix === '/') return path !== '/-' && !path.startsWith('/-/');
  return path === prefix || path.startsWith(`${prefix}/`);
}

const isRight = (text: string): text is Right => (rights as readonly string[]).includes(text);

/** `read,list:/photos`, or `admin`. Throws invalid_argument, and what a path throws. */
export function parseGrant(text: string): Grant {
  if (text === 'admin') return { rights: ['admin'], prefix: '/' };
  const colon = text.indexOf(':');
  const given = colon < 0 ? [] : text.slice(0, colon).split(',');
  const known = given.filter(isRight);
  if (known.length === 0 || known.length < given.length || known.includes('admin')) {
    const all = rights.filter((right) => right !== 'admin').join(', ');
    const detail = `A grant is admin, or rights (${all}) and a path, as in read,list:/photos.`;
    throw new DftfsError('invalid_argument', detail);
  }
  return { rights: [...new Set(known)], prefix: parseFolderPath(text.slice(colon + 1)) };
}

export const grantText = ({ rights: given, prefix }: Grant): string =>
  given.includes('admin') ? 'admin' : `${given.join(',')}:${prefix}`;

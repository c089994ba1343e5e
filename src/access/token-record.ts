/** What of a token lies in the kv. */
import { DftfsError } from '#base/errors.ts';
import { type Grant, grantText, type Identity, parseGrant } from './rights.ts';

export interface TokenRecord {
  readonly name: string;
  readonly grants: readonly Grant[];
  /** SHA-256 of the secret. */
  readonly digest: Buffer;
  /** For showing. */
  readonly createdMs: number;
  readonly createdBy: string;
}

export interface KnownToken extends TokenRecord {
  readonly identity: Identity;
}

export const grantsMax = 32;
const version = 1;
const digestBytes = 32;
const nameForm = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,62}$/;

/** Throws invalid_argument. */
export function checkTokenName(name: string): string {
  if (nameForm.test(name)) return name;
  const detail = 'A token’s name is up to 63 letters, digits and .-_@, as in backup-job.';
  throw new DftfsError('invalid_argument', detail);
}

/** Of one a line. Throws invalid_argument, invalid_path, path_too_long. */
export function parseGrants(text: string): Grant[] {
  const lines = text.split('\n').filter((line) => line !== '');
  if (lines.length > 0 && lines.length <= grantsMax) return lines.map(parseGrant);
  const detail = `A token has 1 to ${grantsMax} grants, not ${lines.length}.`;
  throw new DftfsError('invalid_argument', detail);
}

export function encodeTokenRecord(record: TokenRecord): Buffer {
  const { name, grants, digest, createdMs, createdBy } = record;
  const hash = digest.toString('base64url');
  const shown = { version, name, grants: grants.map(grantText), hash, createdMs, createdBy };
  return Buffer.from(JSON.stringify(shown));
}

/** Undefined: it isn't one that this version understands, and allows nothing. */
export function decodeTokenRecord(id: string, value: Buffer): KnownToken | undefined {
  try {
    const found = JSON.parse(value.toString()) as Record<string, unknown>;
    const digest = Buffer.from(String(found.hash), 'base64url');
    const isKnown = found.version === version && digest.length === digestBytes;
    if (!isKnown || !Array.isArray(found.grants)) return undefined;
    const name = checkTokenName(String(found.name));
    const grants = found.grants.map((grant) => parseGrant(String(grant)));
    const createdMs = Number(found.createdMs);
    const createdBy = String(found.createdBy);
    return { name, grants, digest, createdMs, createdBy, identity: { id, name, grants } };
  } catch {
    return undefined;
  }
}

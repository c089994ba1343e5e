/**
 * A token: `dftfs_<id>_<secret>`. The id is no secret, it finds the record. Of the secret, which
 * is 32 random bytes, only the digest is kept: there is nothing to guess, so it need not be slow.
 */
import { hash, timingSafeEqual } from 'node:crypto';
import type { RandomBytes } from '#base/ids.ts';

export interface Token {
  readonly id: string;
  readonly secret: string;
}

const idBytes = 8;
const secretBytes = 32;
const idForm = /^[0-9a-f]{16}$/;
const form = /^dftfs_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/;

export const isTokenId = (text: string): boolean => idForm.test(text);

export function tokenOf(bytes: Buffer): Token {
  const id = bytes.subarray(0, idBytes).toString('hex');
  return { id, secret: bytes.subarray(idBytes, idBytes + secretBytes).toString('base64url') };
}

export const newToken = (random: RandomBytes): Token => tokenOf(random(idBytes + secretBytes));

export const tokenText = ({ id, secret }: Token): string => `dftfs_${id}_${secret}`;

/** Undefined: it is none. */
export function parseToken(text: string): Token | undefined {
  const [, id, secret] = form.exec(text) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret };
}

/** Where somebody has put a token in what is to be shown: its id alone. */
export const withoutSecrets = (text: string): string =>
  text.replace(/dftfs_([0-9a-f]{16})_[A-Za-z0-9_-]+/g, 'dftfs_$1_…');

const digestOf = (secret: string): Buffer => hash('sha256', secret, 'buffer');

export const hashOf = ({ secret }: Token): string => digestOf(secret).toString('base64url');

/** In a time that doesn't depend on where they differ. */
export const hasHash = ({ secret }: Token, digest: Buffer): boolean =>
  timingSafeEqual(digestOf(secret), digest);

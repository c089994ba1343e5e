/**
 * Digests that a client asks to be verified: Content-MD5, and Content-Digest and Repr-Digest of
 * RFC 9530. Nothing is computed that wasn't asked for. Of the algorithms given, every one we know
 * is verified; if we know none, the request is refused, for who asks for a check must get it.
 */
import { createHash, type Hash } from 'node:crypto';
import { DftfsError } from '#base/errors.ts';

type Algorithm = 'md5' | 'sha-256' | 'sha-512';

const known: Readonly<Record<Algorithm, { readonly node: string; readonly bytes: number }>> = {
  md5: { node: 'md5', bytes: 16 },
  'sha-256': { node: 'sha256', bytes: 32 },
  'sha-512': { node: 'sha512', bytes: 64 },
};

const isKnown = (name: string): name is Algorithm => Object.hasOwn(known, name);

interface Expected {
  readonly header: string;
  readonly digest: Buffer;
  readonly hash: Hash;
}

/** Fed with bytes as they pass, it says at the end whether they are the promised ones. */
export class DigestCheck {
  readonly #expected: readonly Expected[];

  constructor(expected: readonly Expected[]) {
    this.#expected = expected;
  }

  update(chunk: Buffer): void {
    for (const { hash } of this.#expected) hash.update(chunk);
  }

  /** Throws digest_mismatch. Once only. */
  verify(): void {
    for (const { header, digest, hash } of this.#expected) {
      const actual = hash.digest();
      if (actual.equals(digest)) continue;
      const detail = `The bytes that arrived don't match ${header}; nothing was stored. Send again.`;
      throw new DftfsError('digest_mismatch', detail);
    }
  }
}

const invalid = (header: string, why: string): DftfsError =>
  new DftfsError('invalid_argument', `${header}: ${why}.`);

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function expect(header: string, algorithm: Algorithm, text: string): Expected {
  const { node, bytes } = known[algorithm];
  const digest = base64.test(text) ? Buffer.from(text, 'base64') : undefined;
  if (digest?.length !== bytes) {
    throw invalid(header, `${algorithm} takes ${bytes} bytes in base64`);
  }
  return { header, digest, hash: createHash(node) };
}

/** A dictionary of byte sequences (RFC 8941): `sha-256=:…:, md5=:…:`. */
const member = /^([a-z*][a-z0-9_.*-]*)=:([A-Za-z0-9+/=]*):$/;

function readDictionary(header: string, text: string): Expected[] {
  const expected: Expected[] = [];
  for (const item of text.split(',')) {
    const [, algorithm, digest] = member.exec(item.trim()) ?? [];
    if (algorithm === undefined || digest === undefined) {
      throw invalid(header, 'not of the form sha-256=:<base64>:');
    }
    if (isKnown(algorithm)) expected.push(expect(header, algorithm, digest));
  }
  if (expected.length > 0) return expected;
  throw invalid(header, `none of its algorithms is known; known are ${Object.keys(known)}`);
}

/** The checks of the body as it came; undefined: none asked for. */
export function contentDigests(headers: ReadonlyMap<string, string>): DigestCheck | undefined {
  const md5 = headers.get('content-md5');
  const content = headers.get('content-digest');
  if (md5 === undefined && content === undefined) return undefined;
  return new DigestCheck([
    ...(md5 === undefined ? [] : [expect('Content-MD5', 'md5', md5.trim())]),
    ...(content === undefined ? [] : readDictionary('Content-Digest', content)),
  ]);
}

/** The checks of the file's bytes, which in a multipart form are only a part of the body. */
export function representationDigests(
  headers: ReadonlyMap<string, string>,
): DigestCheck | undefined {
  const text = headers.get('repr-digest');
  return text === undefined ? undefined : new DigestCheck(readDictionary('Repr-Digest', text));
}

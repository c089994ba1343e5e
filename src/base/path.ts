/**
 * What a name may be. Paths are absolute, decided by their bytes (no Unicode or case folding) and
 * never touch a disk. Here is the one place where text from outside becomes a path: a request
 * target through `decodeTarget`, an argument or an API call directly, and both through `parsePath`.
 */
import { DftfsError } from './errors.ts';
import { pathBytesMax } from './limits.ts';

export interface ParsedPath {
  /** Starts with one slash, ends without one; the root is '/'. */
  readonly path: string;
  /** It was written with a slash at its end (as the root always is). */
  readonly folder: boolean;
}

/** Takes already decoded text. Errors: invalid_path, path_too_long. */
export function parsePath(text: string): ParsedPath {
  if (text === '') throw invalid('The path is empty; name a file, as in /folder/file.txt.');
  if (!text.isWellFormed()) {
    throw invalid('The path is not valid Unicode: it contains half a surrogate pair.');
  }
  const control = indexOfControl(text);
  if (control >= 0) {
    const code = text.charCodeAt(control).toString(16).padStart(2, '0');
    throw invalid(`The path contains the control character 0x${code}; choose a name without it.`);
  }
  const segments = text.split('/').filter((segment) => segment !== '');
  if (segments.some((segment) => segment === '.' || segment === '..')) {
    throw invalid("The path contains a segment '.' or '..'; write the whole path without them.");
  }
  const path = `/${segments.join('/')}`;
  const bytes = Buffer.byteLength(path);
  if (bytes > pathBytesMax) {
    const detail = `The path is ${bytes} bytes long; at most ${pathBytesMax} bytes are allowed.`;
    throw new DftfsError('path_too_long', detail);
  }
  return { path, folder: text.endsWith('/') };
}

/** A path that a file may have. Errors: those of `parsePath`, and reserved_path. */
export function parseFilePath(text: string): string {
  const { path, folder } = parsePath(text);
  if (path === '/') throw invalid('The path names no file; add a name after the slash.');
  if (folder) {
    throw invalid("A file's path doesn't end in a slash; leave the last slash out.", path);
  }
  if (isReserved(path)) {
    const detail = `${path} is the name of a system page or endpoint; choose another path.`;
    throw new DftfsError('reserved_path', detail, { path });
  }
  return path;
}

/**
 * A folder's path, with or without a slash at its end: '/' or '/a/b'. Errors: those of `parsePath`.
 */
export const parseFolderPath = (text: string): string => parsePath(text).path;

const reservedNames: ReadonlySet<string> = new Set([
  '/-',
  '/exists',
  '/copy',
  '/move',
  '/ls',
  '/rm',
  '/stat',
]);
const reservedPrefixes = ['/-/', '/exists/'];

/** Whether endpoints and system pages own this path, so that no file can have it. */
export const isReserved = (path: string): boolean =>
  reservedNames.has(path) || reservedPrefixes.some((prefix) => path.startsWith(prefix));

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const percent = 0x25;

/**
 * The path part of a raw request target (what comes before '?'), percent-decoded exactly once. '+'
 * is a plus. An encoded slash or backslash is refused: one reader would take it for a separator,
 * another not. The result still has to go through `parsePath`. Errors: invalid_path.
 */
export function decodeTarget(rawPath: string): string {
  const raw = Buffer.from(rawPath, 'latin1');
  const decoded = Buffer.allocUnsafe(raw.length);
  let length = 0;
  for (let at = 0; at < rawPath.length; at++) {
    const code = rawPath.charCodeAt(at);
    if (code === percent) {
      decoded[length++] = decodeEscape(rawPath.slice(at + 1, at + 3));
      at += 2;
    } else {
      refuseRaw(code);
      decoded[length++] = code;
    }
  }
  try {
    return utf8.decode(decoded.subarray(0, length));
  } catch (cause) {
    const detail = 'The path is not valid UTF-8 after percent-decoding; encode its UTF-8 bytes.';
    throw new DftfsError('invalid_path', detail, { cause });
  }
}

function decodeEscape(digits: string): number {
  if (!/^[0-9a-fA-F]{2}$/.test(digits)) {
    throw invalid("The path contains a '%' without two hex digits; write a percent sign as %25.");
  }
  const byte = Number.parseInt(digits, 16);
  if (byte === 0x2f || byte === 0x5c) {
    throw invalid(`The path contains %${digits.toUpperCase()}; separate folders by plain slashes.`);
  }
  return byte;
}

/**
 * What may not stand in a request target as it is: controls, space, non-ASCII, '#', '?', backslash.
 */
function refuseRaw(code: number): void {
  if (code <= 0x20 || code >= 0x7f || code === 0x23 || code === 0x3f || code === 0x5c) {
    const hex = code.toString(16).padStart(2, '0');
    throw invalid(`The path contains the raw character 0x${hex}; percent-encode it.`);
  }
}

function indexOfControl(text: string): number {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x20 || code === 0x7f) return at;
  }
  return -1;
}

const invalid = (detail: string, path?: string): DftfsError =>
  new DftfsError('invalid_path', detail, path === undefined ? {} : { path });

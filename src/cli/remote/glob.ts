/**
 * Patterns over paths: `*` and `?` within a name, `**` across folders, `[a-z]`, `[!a]`, `{a,b}`,
 * and a backslash before what is meant as it is. Pure.
 */
import { UsageError } from '../exit-codes.ts';

export interface Glob {
  /** The folder that all that matches lies in: '/' or '/a/b'. */
  readonly base: string;
  /** What matches can lie deeper than right in the base. */
  readonly deep: boolean;
  matches(path: string): boolean;
}

export const isGlob = (text: string): boolean => /[*?[{]/.test(text);

/** `text` is an absolute path. Throws UsageError. */
export function parseGlob(text: string): Glob {
  const magic = text.search(/[*?[{\\]/);
  const cut = text.lastIndexOf('/', magic);
  const rest = text.slice(cut + 1);
  const expression = new RegExp(`^${translate(text)}$`, 'su');
  return {
    base: text.slice(0, cut) || '/',
    deep: rest.includes('/') || rest.includes('**'),
    matches: (path) => expression.test(path),
  };
}

const literalOf = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&');

function translate(glob: string): string {
  let made = '';
  let braces = 0;
  for (let at = 0; at < glob.length; ) {
    const { text, length, depth } = pieceAt(glob, at, braces);
    made += text;
    at += length;
    braces = depth;
  }
  if (braces > 0) throw new UsageError(`In ${glob} a brace isn't closed.`);
  return made;
}

interface Piece {
  readonly text: string;
  readonly length: number;
  /** Of open braces, after it. */
  readonly depth: number;
}

function pieceAt(glob: string, at: number, depth: number): Piece {
  const rest = glob.slice(at);
  const piece = (length: number, text: string, after = depth): Piece => {
    return { length, text, depth: after };
  };
  const sign = String.fromCodePoint(rest.codePointAt(0) ?? 0);
  if (sign === '*') {
    if (rest.startsWith('**/') && glob[at - 1] === '/') return piece(3, '(?:.*/)?');
    return rest.startsWith('**') ? piece(2, '.*') : piece(1, '[^/]*');
  }
  if (sign === '?') return piece(1, '[^/]');
  if (sign === '[') return classAt(glob, rest, depth);
  if (sign === '{') return piece(1, '(?:', depth + 1);
  if (sign === '}' && depth > 0) return piece(1, ')', depth - 1);
  if (sign === ',' && depth > 0) return piece(1, '|');
  if (sign === '\\' && rest.length > 1) {
    const meant = String.fromCodePoint(rest.codePointAt(1) ?? 0);
    return piece(1 + meant.length, literalOf(meant));
  }
  return piece(sign.length, literalOf(sign));
}

/** `[abc]`, `[a-z]`, `[!a]`; a `]` right at the beginning is one of them. */
function classAt(glob: string, rest: string, depth: number): Piece {
  const found = /^\[([!^]?)(\]?[^\]/]*)\]/su.exec(rest);
  const [whole, not, signs] = found ?? [];
  if (!whole || !signs)
    throw new UsageError(`In ${glob} a bracket isn't closed: write \\[ for it.`);
  const inside = signs.replaceAll(/[\\^[\]&]/g, '\\$&');
  const text = not ? `(?!/)[^${inside}]` : `[${inside}]`;
  try {
    new RegExp(text, 'su');
  } catch {
    throw new UsageError(`In ${glob}, ${whole} is no range of characters.`);
  }
  return { text, length: whole.length, depth };
}

/** Paths as the browser of files joins, parts and searches them. Pure. */
export const join = (folder: string, name: string): string =>
  folder === '/' ? `/${name}` : `${folder}/${name}`;

export const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

export const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/')) || '/';

/** The folder and all above it, the root first. */
export function trailOf(folder: string): readonly string[] {
  const names = folder.split('/').filter((name) => name !== '');
  return ['/', ...names.map((_, index) => `/${names.slice(0, index + 1).join('/')}`)];
}

const lastCharacter = '\u{10ffff}';
const [surrogatesFirst, surrogatesLast] = [0xd800, 0xdfff];

/**
 * A name behind which, in the order of bytes, a listing begins no later than with the first name
 * that starts so. Names before that may come too, and are to be left out.
 */
export function justBefore(prefix: string): string | undefined {
  const characters = [...prefix];
  const last = characters.pop()?.codePointAt(0);
  if (last === undefined || last === 0) return undefined;
  const before = last - 1;
  const isHalf = before >= surrogatesFirst && before <= surrogatesLast;
  const character = String.fromCodePoint(isHalf ? surrogatesFirst - 1 : before);
  return `${characters.join('')}${character}${lastCharacter}`;
}

/** Compared as the server does: by code points, which is the order of their UTF-8 bytes. */
export function isBehind(name: string, prefix: string): boolean {
  const [a, b] = [[...name], [...prefix]];
  for (const [index, character] of b.entries()) {
    const difference = (a[index]?.codePointAt(0) ?? -1) - (character.codePointAt(0) ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return false;
}

/**
 * How a file may be shown. Its bytes are foreign: they are shown as plain text, or as a picture of
 * a kind that the browser only draws. Nothing of them is ever run. Pure.
 */
export type PreviewKind = 'text' | 'picture' | 'none';

export const textBytesMax = 128 * 1024;
export const pictureBytesMax = 32 * 1024 * 1024;

/** An SVG isn't among them: opened in a window of its own it is a page, with scripts. */
const pictures: ReadonlySet<string> = new Set([
  'image/png',
  'image/jpeg',
  'image/gif',
  'image/webp',
  'image/avif',
  'image/bmp',
]);

const textTypes =
  /^(text\/.*|image\/svg\+xml|application\/(json|xml|javascript|x-sh|yaml|toml|sql|.*\+json|.*\+xml))$/;

export const plainType = (contentType: string): string =>
  (contentType.split(';')[0] ?? '').trim().toLowerCase();

export function previewKindOf(contentType: string, size: number): PreviewKind {
  const type = plainType(contentType);
  if (pictures.has(type)) return size <= pictureBytesMax ? 'picture' : 'none';
  // Most things that tools upload have no type of their own: a look at the bytes tells.
  return textTypes.test(type) || type === 'application/octet-stream' ? 'text' : 'none';
}

/** The text of a file's first bytes; undefined: they aren't text. */
export function textOf(bytes: Uint8Array, isWhole: boolean): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    // A character that is cut in half at the end is left out.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: !isWhole });
  } catch {
    return undefined;
  }
}

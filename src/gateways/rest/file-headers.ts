/** What a file's record says in headers, and what a put's headers say about the file. */
import { DftfsError } from '#base/errors.ts';
import { userMetadataBytesMax } from '#base/limits.ts';
import type { FileEntry } from '#namespace/records.ts';
import { etagOf, lastModifiedOf } from './conditions.ts';

const metadataPrefix = 'x-meta-';
export const defaultContentType = 'application/octet-stream';
const contentTypeBytesMax = 255;

/** As it is shown: eight digits of hex. */
export const crcText = (crc: number): string => crc.toString(16).padStart(8, '0');

/** Headers carry nothing else safely: no line breaks, no bytes of an unsaid charset. */
const printable = /^[\x20-\x7e]*$/;

const invalid = (detail: string): DftfsError => new DftfsError('invalid_argument', detail);

export function checkContentType(text: string | undefined): string {
  if (text === undefined || text === '') return defaultContentType;
  if (printable.test(text) && text.length <= contentTypeBytesMax) return text;
  throw invalid(`Content-Type takes up to ${contentTypeBytesMax} printable ASCII characters.`);
}

export function readMetadata(headers: ReadonlyMap<string, string>): Record<string, string> {
  const metadata: Record<string, string> = Object.create(null);
  let bytes = 0;
  for (const [name, value] of headers) {
    if (!name.startsWith(metadataPrefix)) continue;
    const key = name.slice(metadataPrefix.length);
    if (key === '') throw invalid(`A name must follow ${metadataPrefix}.`);
    if (!printable.test(value)) {
      throw invalid(`${name} takes printable ASCII characters only; encode anything else.`);
    }
    bytes += key.length + value.length;
    metadata[key] = value;
  }
  if (bytes <= userMetadataBytesMax) return metadata;
  throw invalid(`Metadata has ${bytes} bytes; ${userMetadataBytesMax} are allowed.`);
}

/**
 * A flat list for `writeHead`. Served bytes are foreign: a browser must neither guess nor run
 * them.
 */
export function fileHeaders(entry: FileEntry): string[] {
  const { contentType, metadata, crc } = entry.record;
  const headers = [
    'Content-Type',
    contentType,
    'ETag',
    etagOf(entry),
    'Last-Modified',
    lastModifiedOf(entry),
    'X-Content-CRC32',
    crcText(crc),
    'Accept-Ranges',
    'bytes',
    'X-Content-Type-Options',
    'nosniff',
    'Content-Security-Policy',
    "sandbox; default-src 'none'",
  ];
  for (const key in metadata) headers.push(metadataPrefix + key, metadata[key] as string);
  return headers;
}

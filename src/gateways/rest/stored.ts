/** The answer to what gives a file its name: put, copy, move. */
import type { FileEntry } from '#namespace/records.ts';
import { type Call, respondJson } from './call.ts';
import { etagOf } from './conditions.ts';
import { crcText } from './file-headers.ts';

export function respondStored({ exchange }: Call, entry: FileEntry): void {
  const { path, record } = entry;
  const etag = etagOf(entry);
  const stored = { path, size: record.size, etag, crc32: crcText(record.crc) };
  respondJson(exchange, stored, ['ETag', etag]);
}

/** `GET /stat`: a file's record, where its bytes are, and what it would survive now. */
import { parseFilePath } from '#base/path.ts';
import { readArguments } from '../arguments.ts';
import { type Call, respondJson } from '../call.ts';
import { etagOf } from '../conditions.ts';
import { crcText } from '../file-headers.ts';

export async function stat(call: Call): Promise<void> {
  const { exchange, services } = call;
  const path = parseFilePath((await readArguments(call, { path: ['path'] })).required('path'));
  exchange.path = path;
  const { entry, extents, lossesSurvivable } = await services.files.stat(path, exchange);
  const { size, contentType, metadata, modifiedMs, blob, crc } = entry.record;
  respondJson(exchange, {
    path,
    size,
    contentType,
    metadata,
    modified: new Date(modifiedMs).toISOString(),
    etag: etagOf(entry),
    blob,
    crc32: crcText(crc),
    lossesSurvivable,
    extents,
  });
}

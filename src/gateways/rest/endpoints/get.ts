/** `GET` and `HEAD` of a file: conditions, one range, bytes as they come. */

import { DftfsError, isCode } from '#base/errors.ts';
import type { ByteRange } from '#files/files.ts';
import type { FileEntry } from '#namespace/records.ts';
import { queryArguments } from '../arguments.ts';
import type { Call } from '../call.ts';
import { judgeRead, rangeHeaderOf } from '../conditions.ts';
import { fileHeaders } from '../file-headers.ts';
import { HttpProblem, problemAnswer, problemType } from '../problem.ts';
import { readRange } from '../ranges.ts';
import { hasBody } from '../request-head.ts';
import { sendStream } from '../send-stream.ts';
import { filePathOf } from '../target.ts';

/** Of one download, how much is in memory at most. */
const downloadWindowBytes = 2 * 1024 * 1024;

export async function getFile(call: Call): Promise<void> {
  queryArguments(call, {});
  refuseBody(call);
  await getPath(call, filePathOf(call.target));
}

/** A body here has no meaning; two readers could disagree about where the next request begins. */
export function refuseBody({ head }: Call): void {
  if (!hasBody(head)) return;
  throw new HttpProblem('bad_request', 'This request takes no body; send it without.');
}

export async function getPath(
  call: Call,
  path: string,
  more: readonly string[] = [],
): Promise<void> {
  const { exchange, head, services } = call;
  exchange.path = path;
  const entry = await services.files.lookup(path, exchange);
  if (!entry) throw new DftfsError('path_not_found', `No file has the path ${path}.`, { path });
  const headers = [...fileHeaders(entry), ...more];
  if (judgeRead(head.headers, entry) === 'not-modified') {
    exchange.begin(304, headers)?.end();
    return;
  }
  const size = entry.record.size;
  const range = rangeOf(call, entry);
  if (range === 'unsatisfiable') return;
  const { start, end } = range ?? { start: 0, end: size };
  headers.push('Content-Length', String(end - start));
  if (range) headers.push('Content-Range', `bytes ${start}-${end - 1}/${size}`);
  const status = range ? 206 : 200;
  if (head.method === 'HEAD' || start === end) {
    exchange.begin(status, headers)?.end();
    return;
  }
  exchange.reserve(Math.min(end - start, downloadWindowBytes));
  const content = services.files.read(entry, { start, end }, exchange);
  await sendStream(exchange, status, headers, end - start, content);
}

/** Ranges are for GET. The answer to one that can't be satisfied says how long the file is. */
function rangeOf(
  { exchange, head }: Call,
  entry: FileEntry,
): ByteRange | undefined | 'unsatisfiable' {
  if (head.method !== 'GET') return undefined;
  try {
    return readRange(rangeHeaderOf(head.headers, entry), entry.record.size);
  } catch (error) {
    if (!isCode(error, 'range_unsatisfiable')) throw error;
    const { status, body } = problemAnswer(error, exchange.id, entry.path);
    const size = ['Content-Range', `bytes */${entry.record.size}`];
    exchange.respond(status, [...problemType, ...size], `${JSON.stringify(body)}\n`);
    return 'unsatisfiable';
  }
}

/** `PUT /any/file/path`: the body is the file, or, in a multipart form, its file part is. */
import { crc32 } from 'node:zlib';
import { DftfsError } from '#base/errors.ts';
import type { PutOptions } from '#files/files.ts';
import type { FileEntry } from '#namespace/records.ts';
import { requestOfKey } from '#namespace/request.ts';
import { queryArguments } from '../arguments.ts';
import { auditStored } from '../audit.ts';
import type { Call } from '../call.ts';
import { hasWriteConditions, judgePut } from '../conditions.ts';
import { contentDigests, type DigestCheck, representationDigests } from '../digests.ts';
import { checkContentType, readMetadata } from '../file-headers.ts';
import { idempotencyKeyOf } from '../idempotency-key.ts';
import { isMultipart, type Part, readParts } from '../multipart.ts';
import { HttpProblem } from '../problem.ts';
import { RequestBody } from '../request-body.ts';
import { respondStored } from '../stored.ts';
import { filePathOf } from '../target.ts';

/** Of one upload, how much is in memory at most: what is queued here and in the writer's window. */
const uploadWindowBytes = 4 * 1024 * 1024;
/**
 * A body this small is on its way already: asking first whether the path is free would cost more.
 */
const unaskedBytesMax = 64 * 1024;

export async function putFile(call: Call): Promise<void> {
  queryArguments(call, {});
  await putBody(call, filePathOf(call.target));
}

/** The request's body under `path`. */
export async function putBody(call: Call, path: string): Promise<void> {
  const { exchange, head } = call;
  exchange.path = path;
  checkPutHeaders(call);
  exchange.reserve(Math.min(head.contentLength ?? uploadWindowBytes, uploadWindowBytes));
  const type = head.headers.get('content-type');
  const options = putOptions(call, checkContentType(type));
  const digests = contentDigests(head.headers);
  const form = isMultipart(type);
  const small = (head.contentLength ?? Number.POSITIVE_INFINITY) <= unaskedBytesMax;
  if (!small || form || head.headers.has('expect') || hasWriteConditions(head.headers)) {
    const size = form ? undefined : head.contentLength;
    if (await answeredBefore(call, path, options.idempotencyKey, size)) return;
  }
  const body = new RequestBody(exchange, head, digests);
  const verified = { ...options, beforeCommit: () => body.verify() };
  if (form) await putPart(call, path, readParts(body, type), verified);
  else await store(call, path, body, verified);
}

export function checkPutHeaders({ head }: Call): void {
  const { headers, chunked, contentLength } = head;
  if (!chunked && contentLength === undefined) {
    const detail = 'Send Content-Length or Transfer-Encoding: chunked.';
    // Bytes may follow all the same; they must not be taken for a request.
    throw new HttpProblem('length_required', detail, ['Connection', 'close']);
  }
  const encoding = headers.get('content-encoding')?.trim().toLowerCase();
  if (encoding !== undefined && encoding !== 'identity') {
    const detail = 'Bytes are kept as they come; leave Content-Encoding out, or decode them first.';
    throw new HttpProblem('unsupported_encoding', detail);
  }
  if (headers.has('content-range')) {
    throw new DftfsError('invalid_argument', 'A file is put whole: Content-Range is refused.');
  }
}

export function putOptions(call: Call, contentType: string): PutOptions {
  const idempotencyKey = idempotencyKeyOf(call);
  return {
    contentType,
    metadata: readMetadata(call.head.headers),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
  };
}

/** Refuses before the body comes; true: an earlier try of this request has put the file. */
async function answeredBefore(
  call: Call,
  path: string,
  key: string | undefined,
  size: number | undefined,
): Promise<boolean> {
  const { exchange, head, services } = call;
  if (hasWriteConditions(head.headers)) {
    const there = await services.files.lookup(path, exchange);
    const repeated = key !== undefined && there?.record.request === requestOfKey('put', key);
    if (!repeated) judgePut(head.headers, there);
  }
  const entry = await services.files.checkAbsent(path, key, exchange);
  if (!entry) return false;
  if (size !== undefined && size !== entry.record.size) throw reused(path);
  auditStored(call, entry, 'repeated');
  respondStored(call, entry);
  return true;
}

/** The part of a form that is the file; the form's other parts say nothing here. */
async function putPart(
  call: Call,
  path: string,
  parts: AsyncGenerator<Part, void, void>,
  options: PutOptions,
): Promise<void> {
  for await (const part of parts) {
    if (!isContent(part)) continue;
    const contentType = checkContentType(part.contentType);
    await store(call, path, contentOfForm(part, parts), { ...options, contentType });
    return;
  }
  throw new DftfsError('invalid_argument', 'The form holds no file; add one, as in -F file=@name.');
}

const contentNames = new Set(['file', 'bytes', 'data', 'content']);

export const isContent = (part: Part): boolean =>
  part.fileName !== undefined || contentNames.has(part.name);

/** A file part's bytes; they end well only when the whole form has, with no other file in it. */
export async function* contentOfForm(
  part: Part,
  rest: AsyncGenerator<Part, void, void>,
): AsyncGenerator<Buffer> {
  yield* part.content;
  while (true) {
    const next = await rest.next();
    if (next.done) return;
    if (next.value.fileName === undefined) continue;
    throw new DftfsError('invalid_argument', 'The form holds more than one file; send one.');
  }
}

/** Puts `content`, checked against Repr-Digest, and answers. */
export async function store(
  call: Call,
  path: string,
  content: AsyncIterable<Buffer>,
  options: PutOptions,
): Promise<void> {
  const { exchange, head, services } = call;
  const digests = representationDigests(head.headers);
  const key = options.idempotencyKey;
  const seen = new Seen();
  const watched = digests || key !== undefined ? watch(content, digests, seen) : content;
  const beforeCommit = () => {
    options.beforeCommit?.();
    digests?.verify();
  };
  try {
    const result = await services.files.put(path, watched, { ...options, beforeCommit }, exchange);
    if (result.repeated && !seen.matches(result.entry)) throw reused(path);
    auditStored(call, result.entry, result.repeated ? 'repeated' : 'done');
    respondStored(call, result.entry);
  } catch (error) {
    throw hasStar(head.headers) && isTaken(error) ? conditionFailed(path) : error;
  }
}

const hasStar = (headers: ReadonlyMap<string, string>): boolean => headers.has('if-none-match');
const isTaken = (error: unknown): boolean =>
  error instanceof DftfsError && error.code === 'path_exists';
const conditionFailed = (path: string): DftfsError =>
  new DftfsError('precondition_failed', `${path} is taken; nothing was stored.`, { path });

/** What passed, to tell a retry from another request under the same key. */
class Seen {
  #size = 0;
  #crc = 0;

  add(chunk: Buffer): void {
    this.#size += chunk.length;
    this.#crc = crc32(chunk, this.#crc);
  }

  matches({ record }: FileEntry): boolean {
    return record.size === this.#size && record.crc === this.#crc;
  }
}

async function* watch(
  content: AsyncIterable<Buffer>,
  digests: DigestCheck | undefined,
  seen: Seen,
): AsyncGenerator<Buffer> {
  for await (const chunk of content) {
    digests?.update(chunk);
    seen.add(chunk);
    yield chunk;
  }
}

const reused = (path: string): DftfsError =>
  new DftfsError(
    'idempotency_key_reused',
    'This Idempotency-Key has put other bytes here; use a new key for another request.',
    { path },
  );

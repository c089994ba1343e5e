/**
 * The reading of `PUT /path` and `GET /path` in which `path` is an argument. Without that argument
 * it is a file of the name `/path`, so a body that may carry it has to be looked into first.
 */
import { Readable } from 'node:stream';
import { DftfsError, isCode } from '#base/errors.ts';
import { parseFilePath } from '#base/path.ts';
import { Arguments, queryArguments, readArguments } from '../arguments.ts';
import type { Call } from '../call.ts';
import { contentDigests } from '../digests.ts';
import { checkContentType, defaultContentType } from '../file-headers.ts';
import { type Field, parseForm, textOf } from '../form.ts';
import { fieldsOfObject, isJsonType, parseObject } from '../json-fields.ts';
import { isMultipart, type Part, readParts } from '../multipart.ts';
import { collect, RequestBody } from '../request-body.ts';
import { checkPutHeaders, contentOfForm, isContent, putBody, putOptions, store } from './put.ts';

export const literalPath = '/path';

/** A form or a JSON object is taken whole to be looked into. */
const formBytesMax = 8 * 1024 * 1024;

const names = { path: ['path'] };
const putNames = { path: ['path'], bytes: ['bytes', 'data', 'content', 'file'] };

/** The path that the argument names, else `/path` itself. */
export async function literalPathOf(call: Call): Promise<string> {
  const path = (await readArguments(call, names)).text('path');
  return path === undefined ? literalPath : parseFilePath(path);
}

export async function putLiteral(call: Call): Promise<void> {
  checkPutHeaders(call);
  const fromQuery = queryArguments(call, putNames);
  const path = fromQuery.text('path');
  const type = call.head.headers.get('content-type');
  if (path !== undefined) return putNamed(call, parseFilePath(path), fromQuery);
  if (isMultipart(type)) return putForm(call, type);
  if (type !== undefined && /json|x-www-form-urlencoded/i.test(type)) return putFields(call, type);
  return putBody(call, literalPath);
}

/** The path is in the query. The content is the body, or, if that is empty, an argument. */
async function putNamed(call: Call, path: string, fromQuery: Arguments): Promise<void> {
  const bytes = fromQuery.bytes('bytes');
  if (bytes === undefined) return putBody(call, path);
  const { exchange, head } = call;
  exchange.path = path;
  if (head.chunked || head.contentLength !== 0) {
    throw new DftfsError('invalid_argument', 'Give the content in the body or in the query.');
  }
  const options = putOptions(call, defaultContentType);
  await store(call, path, Readable.from([bytes]), options);
}

/** A form or JSON: with `path`, the argument `bytes` is the content; without, all of it is. */
async function putFields(call: Call, type: string): Promise<void> {
  const { exchange, head } = call;
  exchange.reserve(Math.min(head.contentLength ?? formBytesMax, formBytesMax));
  const body = new RequestBody(exchange, head, contentDigests(head.headers));
  const whole = await collect(body, formBytesMax, 'A form that may hold a path');
  const verified = { beforeCommit: () => body.verify() };
  const fields = fieldsWithPath(whole, type);
  if (!fields) {
    const options = { ...putOptions(call, checkContentType(type)), ...verified };
    exchange.path = literalPath;
    return store(call, literalPath, Readable.from([whole]), options);
  }
  const found = new Arguments(putNames);
  found.take(fields);
  const path = parseFilePath(found.required('path'));
  exchange.path = path;
  const content = Readable.from([found.requiredBytes('bytes')]);
  return store(call, path, content, { ...putOptions(call, defaultContentType), ...verified });
}

/** Undefined: there is no argument `path`, so the body is a file. */
function fieldsWithPath(bytes: Buffer, type: string): readonly Field[] | undefined {
  const object = parseObject(bytes);
  if (object) return Object.hasOwn(object, 'path') ? fieldsOfObject(object) : undefined;
  if (isJsonType(type)) return undefined;
  try {
    const fields = parseForm(bytes.toString('latin1'));
    return fields.some(([name]) => name === 'path') ? fields : undefined;
  } catch (error) {
    if (isCode(error, 'invalid_argument')) return undefined;
    throw error;
  }
}

/** A multipart form. Its parts come in the client's order: content before the path has to wait. */
async function putForm(call: Call, type: string): Promise<void> {
  const { exchange, head } = call;
  exchange.reserve(Math.min(head.contentLength ?? formBytesMax, formBytesMax));
  const body = new RequestBody(exchange, head, contentDigests(head.headers));
  const parts = readParts(body, type);
  const verified = { beforeCommit: () => body.verify() };
  let path: string | undefined;
  let early: { readonly type: string; readonly bytes: Buffer } | undefined;
  for await (const part of parts) {
    if (part.name === 'path' && part.fileName === undefined) {
      if (path !== undefined) throw twice('path');
      path = await readPath(part);
      exchange.path = path;
    } else if (isContent(part)) {
      if (early) throw twice('the content');
      const options = { ...putOptions(call, checkContentType(part.contentType)), ...verified };
      if (path !== undefined) return await store(call, path, contentOfForm(part, parts), options);
      const what = 'Content that comes before the path in a form';
      early = { type: part.contentType, bytes: await collect(part.content, formBytesMax, what) };
    }
  }
  if (!early) throw new DftfsError('invalid_argument', 'The form holds no content; add a file.');
  const options = { ...putOptions(call, checkContentType(early.type)), ...verified };
  return store(call, path ?? literalPath, Readable.from([early.bytes]), options);
}

const twice = (what: string): DftfsError =>
  new DftfsError('invalid_argument', `The form holds ${what} more than once.`);

const pathArgumentBytesMax = 16 * 1024;

async function readPath(part: Part): Promise<string> {
  const bytes = await collect(part.content, pathArgumentBytesMax, 'A path');
  return parseFilePath(textOf(bytes, 'The path'));
}

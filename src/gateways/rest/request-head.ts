/**
 * The head of a request, read from the raw header list: Node joins or drops duplicates, and a
 * duplicate may be the whole attack. What Node's own parser lets through and must not pass is
 * refused here.
 */
import type { IncomingMessage } from 'node:http';
import { DftfsError } from '#base/errors.ts';
import { HttpProblem } from './problem.ts';

export interface RequestHead {
  readonly method: string;
  /** As it came, not decoded. */
  readonly target: string;
  /** Names in lower case; repeated fields joined with ', ' unless repeating them is an error. */
  readonly headers: ReadonlyMap<string, string>;
  /** Undefined: no Content-Length. */
  readonly contentLength: number | undefined;
  readonly chunked: boolean;
}

const fieldsMax = 100;

const once = new Set([
  'host',
  'content-length',
  'content-type',
  'content-md5',
  'content-range',
  'transfer-encoding',
  'idempotency-key',
  'authorization',
  'range',
  'if-range',
  'expect',
]);

export const hasBody = (head: RequestHead): boolean =>
  head.chunked || (head.contentLength !== undefined && head.contentLength > 0);

export function readHead(request: IncomingMessage, fileBytesMax: number): RequestHead {
  if (request.httpVersionMajor !== 1 || request.httpVersionMinor > 1) {
    throw new HttpProblem('unsupported_http_version', 'Speak HTTP/1.1 (or 1.0) here.');
  }
  const headers = readFields(request.rawHeaders);
  const chunked = readTransferCoding(request, headers.get('transfer-encoding'));
  const contentLength = readContentLength(headers.get('content-length'), fileBytesMax);
  checkHost(headers.get('host'), request.httpVersionMinor === 1);
  const { method = '', url: target = '' } = request;
  return { method, target, headers, contentLength, chunked };
}

function readFields(raw: readonly string[]): Map<string, string> {
  if (raw.length > 2 * fieldsMax) {
    throw new HttpProblem('headers_too_large', `More than ${fieldsMax} header fields.`);
  }
  const headers = new Map<string, string>();
  for (let index = 0; index < raw.length; index += 2) {
    const name = (raw[index] as string).toLowerCase();
    const value = raw[index + 1] as string;
    const earlier = headers.get(name);
    if (earlier === undefined) headers.set(name, value);
    else if (once.has(name)) {
      throw new HttpProblem('bad_request', `The header ${name} may be given only once.`);
    } else headers.set(name, `${earlier}, ${value}`);
  }
  return headers;
}

const hostForm = /^[A-Za-z0-9._~%:[\]-]*$/;

function checkHost(host: string | undefined, required: boolean): void {
  if (host === undefined ? !required : hostForm.test(host)) return;
  throw new HttpProblem('bad_request', 'One valid Host header is required.');
}

function readTransferCoding(request: IncomingMessage, coding: string | undefined): boolean {
  if (coding === undefined) return false;
  if (request.httpVersionMinor === 0) {
    throw new HttpProblem('bad_request', 'HTTP/1.0 has no Transfer-Encoding.');
  }
  if (coding.trim().toLowerCase() !== 'chunked') {
    const detail = 'The only transfer coding understood is chunked; send the bytes as they are.';
    throw new HttpProblem('unsupported_transfer_coding', detail);
  }
  return true;
}

function readContentLength(text: string | undefined, fileBytesMax: number): number | undefined {
  if (text === undefined) return undefined;
  const length = Number(text);
  if (!/^\d+$/.test(text)) throw new HttpProblem('bad_request', 'Content-Length is no number.');
  if (!Number.isSafeInteger(length) || length > fileBytesMax) {
    throw new DftfsError('too_large', `A file may have at most ${fileBytesMax} bytes.`);
  }
  return length;
}

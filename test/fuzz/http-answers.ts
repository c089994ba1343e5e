/** Holds what a front door has sent on one connection against HTTP and the register of errors. */
import assert from 'node:assert/strict';
import { type ErrorCode, errorCodes } from '#base/errors.ts';
import { httpStatusOf } from '#gateways/rest/error-map.ts';
import { type HttpProblemCode, httpProblems } from '#gateways/rest/problem.ts';

export interface Answer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

const headEnd = '\r\n\r\n';
const statusLine = /^HTTP\/1\.1 (\d{3}) [\x20-\x7e]*$/;
const headerLine = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+): ?([\t\x20-\x7e\x80-\xff]*)$/;
const lastChunk = '0\r\n\r\n';

/** All answers, in order. `mayBeHead`: some may answer a HEAD, and have no body. */
export function parseAnswers(bytes: Buffer, mayBeHead: boolean): Answer[] {
  const answers: Answer[] = [];
  let rest = bytes;
  while (rest.length > 0) {
    const end = rest.indexOf(headEnd);
    assert.ok(end >= 0, `no whole head: ${shown(rest)}`);
    const [first = '', ...lines] = rest.subarray(0, end).toString('latin1').split('\r\n');
    const status = Number(statusLine.exec(first)?.[1]);
    assert.ok(status >= 100, `no status line: ${shown(rest)}`);
    const headers = new Map(lines.map(fieldOf));
    rest = rest.subarray(end + headEnd.length);
    const bodyless = status < 200 || status === 204 || status === 304;
    const headAlone = mayBeHead && (rest.length === 0 || rest.indexOf('HTTP/1.1 ') === 0);
    const [body, after] = bodyless || headAlone ? [Buffer.alloc(0), rest] : bodyOf(headers, rest);
    answers.push({ status, headers, body });
    rest = after;
  }
  return answers;
}

const shown = (bytes: Buffer): string => JSON.stringify(bytes.toString('latin1').slice(0, 500));

function fieldOf(line: string): [name: string, value: string] {
  const [, name, value] = headerLine.exec(line) ?? [];
  assert.ok(name !== undefined && value !== undefined, `no header field: ${JSON.stringify(line)}`);
  return [name.toLowerCase(), value];
}

function bodyOf(headers: ReadonlyMap<string, string>, rest: Buffer): [body: Buffer, after: Buffer] {
  if (headers.get('transfer-encoding') === 'chunked') return chunksOf(rest);
  const length = headers.get('content-length') ?? '';
  // To a client of HTTP/1.0, which knows no chunks: all up to the connection's end.
  if (length === '' && headers.get('connection') === 'close') return [rest, Buffer.alloc(0)];
  assert.match(length, /^\d+$/, `no length: ${JSON.stringify([...headers])}`);
  assert.ok(rest.length >= Number(length), `${rest.length} of ${length} bytes of body`);
  return [rest.subarray(0, Number(length)), rest.subarray(Number(length))];
}

function chunksOf(bytes: Buffer): [body: Buffer, after: Buffer] {
  const parts: Buffer[] = [];
  let rest = bytes;
  while (rest.indexOf(lastChunk) !== 0) {
    const end = rest.indexOf('\r\n');
    const size = rest.subarray(0, Math.max(0, end)).toString('latin1');
    assert.match(size, /^[0-9a-f]+$/i, `no chunk: ${shown(rest)}`);
    const [start, length] = [end + 2, Number.parseInt(size, 16)];
    assert.equal(rest.indexOf('\r\n', start + length), start + length, 'a chunk has an end');
    parts.push(rest.subarray(start, start + length));
    rest = rest.subarray(start + length + 2);
  }
  return [Buffer.concat(parts), rest.subarray(lastChunk.length)];
}

const isCodeOf = <T extends object>(register: T, code: string): code is string & keyof T =>
  Object.hasOwn(register, code);

function statusOfCode(code: string): number | undefined {
  if (isCodeOf(errorCodes, code)) return httpStatusOf(code as ErrorCode);
  if (isCodeOf(httpProblems, code)) return httpProblems[code as HttpProblemCode];
  return undefined;
}

/** No 500, and every refusal one of those that are documented. */
export function checkAnswer({ status, headers, body }: Answer): void {
  const text = `${status} ${body.toString().slice(0, 500)}`;
  assert.notEqual(status, 500, text);
  if (status < 200) return;
  assert.match(headers.get('x-request-id') ?? '', /./, `no request id: ${text}`);
  if (status < 400) return;
  assert.equal(headers.get('content-type'), 'application/problem+json', text);
  if (body.length === 0) return;
  const problem = JSON.parse(body.toString()) as { code: string; status: number };
  assert.equal(problem.status, status, text);
  assert.equal(statusOfCode(problem.code), status, `no code of the register: ${text}`);
}

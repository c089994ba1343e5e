/**
 * What never becomes a request, or breaks one while its body comes: bytes that Node's parser
 * refuses, heads that don't end, CONNECT. The answer goes where it belongs: to the request whose
 * body broke, or behind the answers that are still due, or to the bare socket.
 */
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { DftfsError } from '#base/errors.ts';
import type { Exchange } from './exchange.ts';
import { HttpProblem, problemAnswer } from './problem.ts';

const incomplete = (): DftfsError =>
  new DftfsError('upload_incomplete', 'The body ended before it was whole; nothing was stored.');

function problemOf(code: string | undefined): Error {
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new HttpProblem('headers_too_large', 'The head of the request is over 16 KiB.');
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new HttpProblem('request_timeout', "The request's head took too long to come.");
  }
  if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW') {
    return new DftfsError('too_large', 'Chunk extensions are over 16 KiB; leave them out.');
  }
  if (code === 'HPE_INVALID_EOF_STATE') return incomplete();
  return new HttpProblem('bad_request', 'This is no valid HTTP/1.1 request.');
}

/** `last`: the newest request on this connection. */
export function answerUnparsed(
  error: NodeJS.ErrnoException,
  socket: Socket,
  last: Exchange | undefined,
  newId: () => string,
): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const problem = problemOf(error.code);
  if (!last || last.closed) writeRaw(socket, problem, newId());
  else if (last.request.complete) {
    last.response.once('close', () => writeRaw(socket, problem, newId()));
  } else last.breakBody(problem);
}

/** A whole answer on a socket that has no request, and the end of it. */
export function writeRaw(
  socket: Socket,
  problem: unknown,
  id: string,
  extra: readonly string[] = [],
): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const { status, headers, body } = problemAnswer(problem, id, undefined);
  const text = `${JSON.stringify(body)}\n`;
  const fields = [...headers, ...extra];
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`];
  for (let at = 0; at < fields.length; at += 2) lines.push(`${fields[at]}: ${fields[at + 1]}`);
  lines.push(
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(text)}`,
    `X-Request-Id: ${id}`,
    'Connection: close',
  );
  socket.write(`${lines.join('\r\n')}\r\n\r\n${text}`);
  socket.destroySoon();
}

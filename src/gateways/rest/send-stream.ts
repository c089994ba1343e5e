/**
 * Sends bytes as they come, at the client's pace. One chunk is held back until the source has shown
 * the next or its end: so a small file goes out in one write, and a source that fails on its first
 * or last check has not yet been answered for. A failure after that cuts the connection.
 */
import type { ServerResponse } from 'node:http';
import { DftfsError } from '#base/errors.ts';
import type { Exchange } from './exchange.ts';

export async function sendStream(
  exchange: Exchange,
  status: number,
  headers: readonly string[],
  length: number,
  content: AsyncIterable<Buffer>,
): Promise<void> {
  let response: ServerResponse | undefined;
  let held: Buffer | undefined;
  let sent = 0;
  for await (const chunk of content) {
    if (exchange.closed) return;
    if (held) {
      response ??= exchange.begin(status, headers);
      if (!response) return;
      await exchange.write(response, held);
    }
    held = chunk;
    sent += chunk.length;
  }
  if (sent !== length) throw shortOf(length, sent);
  response ??= exchange.begin(status, headers);
  exchange.bytesSent += held?.length ?? 0;
  response?.end(held);
}

const shortOf = (length: number, sent: number): DftfsError =>
  new DftfsError('data_damaged', `The file should give ${length} bytes and gave ${sent}.`);

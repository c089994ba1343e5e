/** Content too large to hold: made while it is sent, known again by its hash when it comes back. */
import { createHash } from 'node:crypto';
import http from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { seededBytes } from './every-endpoint.ts';

const blockBytes = 1024 * 1024;
const stampEvery = 4096;

/** No two blocks, and no two shards of one, are alike. */
function* blocks(size: number): Generator<Buffer> {
  const pattern = seededBytes('streamed content', blockBytes);
  for (let start = 0; start < size; start += blockBytes) {
    const block = Buffer.from(pattern.subarray(0, Math.min(blockBytes, size - start)));
    for (let at = 0; at + 8 <= block.length; at += stampEvery) block.writeDoubleLE(start + at, at);
    yield block;
  }
}

/** Returns the hash of what was sent. */
export async function putStreamed(url: string, size: number): Promise<string> {
  const hash = createHash('sha256');
  const hashed = function* () {
    for (const block of blocks(size)) {
      hash.update(block);
      yield block;
    }
  };
  const headers = { 'content-length': size };
  const request = http.request(url, { method: 'PUT', agent: false, headers });
  const answered = answerTo(request);
  answered.catch(() => {});
  await pipeline(
    Readable.from(hashed(), { objectMode: false, highWaterMark: blockBytes }),
    request,
  );
  const answer = await answered;
  const body = Buffer.concat(await answer.toArray()).toString();
  if (answer.statusCode !== 200) throw new Error(`put answered ${answer.statusCode}: ${body}`);
  return hash.digest('hex');
}

/** Returns the hash and size of what came. */
export async function getStreamed(url: string): Promise<{ hash: string; size: number }> {
  const request = http.get(url, { agent: false });
  const answer = await answerTo(request);
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    hash.update(chunk);
    size += chunk.length;
  }
  if (answer.statusCode !== 200) throw new Error(`get answered ${answer.statusCode}`);
  return { hash: hash.digest('hex'), size };
}

const answerTo = (request: http.ClientRequest): Promise<http.IncomingMessage> =>
  new Promise((resolve, reject) => request.on('response', resolve).on('error', reject));

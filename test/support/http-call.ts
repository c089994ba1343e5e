/**
 * One request on a connection of its own, as `curl` makes it, with a bound on the whole exchange.
 */
import http from 'node:http';

export interface HttpAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface HttpCallOptions {
  readonly body?: Buffer | string;
  readonly headers?: http.OutgoingHttpHeaders;
  readonly timeoutMs?: number;
}

/** The answer had begun and broke off: this much of it had come. */
export class BrokenAnswer extends Error {
  readonly answer: HttpAnswer;

  constructor(answer: HttpAnswer, cause: unknown) {
    super(`an answer broke off after ${answer.body.length} bytes`, { cause });
    this.answer = answer;
  }
}

export async function httpCall(
  method: string,
  url: string,
  options: HttpCallOptions = {},
): Promise<HttpAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
  const signal = AbortSignal.timeout(options.timeoutMs ?? 10_000);
  const headers = {
    ...(options.body === undefined ? {} : { 'content-length': Buffer.byteLength(options.body) }),
    ...options.headers,
  };
  const req = http.request(url, { method, headers, agent: false, signal }, resolve);
  req.on('error', reject);
  req.end(options.body);
  const res = await promise;
  const parts: Buffer[] = [];
  const answer = () => {
    return { status: res.statusCode ?? 0, headers: res.headers, body: Buffer.concat(parts) };
  };
  try {
    for await (const part of res) parts.push(part as Buffer);
  } catch (error) {
    throw new BrokenAnswer(answer(), error);
  }
  return answer();
}

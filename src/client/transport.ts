/** One try of one request at one endpoint, over kept connections. */
import { Agent, type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest, Agent as TlsAgent } from 'node:https';

export interface Request {
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Asked for anew at every try. */
  readonly body?: () => Uint8Array | AsyncIterable<Uint8Array>;
}

/** No answer came. `sent`: the server may have got the whole request. */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  readonly sent: boolean;

  constructor(message: string, sent: boolean, cause: unknown) {
    super(message, { cause });
    this.sent = sent;
  }
}

/** What the source of an upload threw: not the server's doing, and never tried again. */
export class SourceError extends Error {
  override readonly name = 'SourceError';
}

export interface TransportOptions {
  /** Without a byte in either direction for so long, a try has failed. */
  readonly idleMs: number;
  readonly token: string | undefined;
  readonly ca: string | undefined;
}

export class Transport {
  readonly #agents: { readonly http: Agent; readonly https: TlsAgent };
  readonly #idleMs: number;
  readonly #credentials: Readonly<Record<string, string>>;

  constructor({ idleMs, token, ca }: TransportOptions) {
    const kept = { keepAlive: true, maxSockets: 64 };
    this.#agents = {
      http: new Agent(kept),
      https: new TlsAgent({ ...kept, ...(ca === undefined ? {} : { ca }) }),
    };
    this.#idleMs = idleMs;
    this.#credentials = token === undefined ? {} : { Authorization: `Bearer ${token}` };
  }

  /**
   * Resolves with the head of the answer, whatever its status. Throws TransportError,
   * SourceError.
   */
  async send(endpoint: URL, request: Request, signal: AbortSignal | undefined) {
    const { method, target, headers, body } = request;
    const content = body?.();
    const secure = endpoint.protocol === 'https:';
    const outgoing = (secure ? httpsRequest : httpRequest)({
      host: endpoint.hostname.replace(/^\[|\]$/g, ''),
      port: endpoint.port,
      method,
      path: target,
      headers: { ...headers, ...this.#credentials, ...framing(method, content) },
      agent: secure ? this.#agents.https : this.#agents.http,
      timeout: this.#idleMs,
      ...(signal ? { signal } : {}),
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error(`idle for ${this.#idleMs} ms`)));
    return exchange(outgoing, content);
  }

  close(): void {
    this.#agents.http.destroy();
    this.#agents.https.destroy();
  }
}

type Content = Uint8Array | AsyncIterable<Uint8Array> | undefined;

function framing(method: string, content: Content): Record<string, string> {
  if (content instanceof Uint8Array) return { 'Content-Length': String(content.byteLength) };
  if (content) return { 'Transfer-Encoding': 'chunked' };
  return method === 'POST' ? { 'Content-Length': '0' } : {};
}

/** With these, no byte of the request has reached anyone. */
const neverSent = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

function exchange(outgoing: ClientRequest, content: Content): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    let answered = false;
    let ended = false;
    const fail = (error: NodeJS.ErrnoException) => {
      const sent = ended && !neverSent.has(error.code ?? '');
      reject(error instanceof SourceError ? error : new TransportError(error.message, sent, error));
    };
    outgoing.on('error', fail);
    outgoing.once('response', (response) => {
      answered = true;
      // Answered before all was sent: the connection is of no further use.
      if (!ended) response.once('end', () => outgoing.destroy());
      resolve(response);
    });
    if (content === undefined || content instanceof Uint8Array) {
      ended = true;
      outgoing.end(content);
      return;
    }
    feed(outgoing, content, () => answered).then(
      () => {
        ended = !answered;
        if (ended) outgoing.end();
      },
      (cause: unknown) => {
        const failure = new SourceError('The source of the upload failed.', { cause });
        outgoing.destroy(failure);
        fail(failure);
      },
    );
  });
}

/** Stops early when the answer is there already: a refusal doesn't wait for the body. */
async function feed(
  outgoing: ClientRequest,
  content: AsyncIterable<Uint8Array>,
  answered: () => boolean,
): Promise<void> {
  for await (const chunk of content) {
    if (outgoing.destroyed || answered()) return;
    if (!outgoing.write(chunk)) await drained(outgoing);
  }
}

function drained(outgoing: ClientRequest): Promise<void> {
  return new Promise((resolve) => {
    const events = ['drain', 'close', 'response'];
    const done = () => {
      for (const event of events) outgoing.off(event, done);
      resolve();
    };
    for (const event of events) outgoing.on(event, done);
    if (outgoing.destroyed) done();
  });
}

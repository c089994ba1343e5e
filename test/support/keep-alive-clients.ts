/** Many requests over a few connections that are kept, as a program makes them. */
import http from 'node:http';
import type { HttpAnswer } from './http-call.ts';

export class KeepAliveClients {
  readonly #agent: http.Agent;

  constructor(connections: number) {
    this.#agent = new http.Agent({ keepAlive: true, maxSockets: connections });
  }

  async call(
    method: string,
    url: string,
    body: Buffer,
    more: http.OutgoingHttpHeaders = {},
  ): Promise<HttpAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
    const headers = { 'content-length': body.length, ...more };
    const request = http.request(url, { method, headers, agent: this.#agent }, resolve);
    request.on('error', reject);
    request.end(body);
    const response = await promise;
    const parts = (await response.toArray()) as Buffer[];
    const { statusCode: status = 0 } = response;
    return { status, headers: response.headers, body: Buffer.concat(parts) };
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** A stand-in for a cluster in unit tests: files in memory, and answers as wrong as wanted. */
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';

export interface StandInStore {
  readonly url: string;
  readonly files: Map<string, Buffer>;
  /** Each request's method, target and Idempotency-Key. */
  readonly seen: { readonly what: string; readonly key: string | undefined }[];
  /** Statuses to answer with before anything is done; 'cut': the connection is. */
  readonly mishaps: (number | 'cut')[];
}

export async function withStandInStore(use: (store: StandInStore) => Promise<void>): Promise<void> {
  const files: StandInStore['files'] = new Map();
  const seen: StandInStore['seen'] = [];
  const mishaps: StandInStore['mishaps'] = [];
  const server = http.createServer(async (request, response) => {
    const { method = '', url: target = '' } = request;
    const body = Buffer.concat((await request.toArray()) as Buffer[]);
    seen.push({ what: `${method} ${target}`, key: request.headers['idempotency-key']?.toString() });
    const mishap = mishaps.shift();
    if (mishap === 'cut') return request.socket.destroy();
    const [status, content] = mishap === undefined ? answer(files, method, target, body) : [mishap];
    response.writeHead(status).end(content);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  try {
    await use({ url: `http://127.0.0.1:${port}`, files, seen, mishaps });
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

type Answer = readonly [status: number, content?: Buffer | string];

function answer(files: Map<string, Buffer>, method: string, target: string, body: Buffer): Answer {
  const { pathname, searchParams } = new URL(target, 'http://store');
  const named = (argument: string) => searchParams.get(argument) ?? '';
  if (pathname === '/exists') return [200, files.has(named('path')) ? '1' : '0'];
  if (pathname === '/stat') return [200, '{"extents":[]}'];
  const content = pathname === '/copy' ? files.get(named('source_path')) : files.get(pathname);
  if (method === 'GET') return content === undefined ? [404] : [200, content];
  if (pathname === '/copy' && content === undefined) return [404];
  const name = pathname === '/copy' ? named('destination_path') : pathname;
  if (files.has(name)) return [409];
  files.set(name, pathname === '/copy' ? (content as Buffer) : body);
  return [200];
}

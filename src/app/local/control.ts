/**
 * How the launcher asks a living node for what only it can do: start another node with the front
 * door's socket, which the launcher has long closed. One request and one answer, a JSON line each,
 * over a unix socket that only the cluster's owner can open.
 *
 * The node speaks first. So a request never waits in the queue of a stopped process, to be carried
 * out when that wakes and nobody remembers it.
 */
import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { createConnection, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface ControlRequest {
  readonly op: 'relaunch';
  readonly name: string;
}

export type ControlAnswer = { readonly pid: number } | { readonly error: string };

export interface ControlHandlers {
  /** Starts the node of that name and returns its PID; what it throws is told to the asker. */
  relaunch(name: string): number;
}

export interface ControlServer {
  close(): Promise<void>;
}

const lineBytesMax = 4096;
const idleMs = 5000;
const connectionsMax = 16;
/** What a unix socket's address has room for, its end included. */
const addressBytesMax = 107;
const ownerOnly = 0o177;
const nodeName = /^node-\d{1,3}$/;

export function controlPath(folder: string): string {
  const path = join(folder, 'control.sock');
  if (Buffer.byteLength(path) < addressBytesMax) return path;
  const short = createHash('sha256').update(path).digest('hex').slice(0, 24);
  return join(tmpdir(), `dftfs-${short}.sock`);
}

/**
 * `folder` is the node's own, which it must hold the lock of: a socket left there is of a dead one.
 */
export function serveControl(folder: string, handlers: ControlHandlers): Promise<ControlServer> {
  const path = controlPath(folder);
  const server = createServer((socket) => serve(socket, handlers));
  server.maxConnections = connectionsMax;
  rmSync(path, { force: true });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    // The address appears while `listen` runs, and never with more rights than this.
    const before = process.umask(ownerOnly);
    try {
      server.listen(path, () => {
        server.off('error', reject);
        server.unref();
        resolve({ close: () => new Promise((done) => server.close(() => done())) });
      });
    } finally {
      process.umask(before);
    }
  });
}

function serve(socket: Socket, handlers: ControlHandlers): void {
  socket.setTimeout(idleMs, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  send(socket, { ready: true });
  onLine(socket, (line) => socket.end(`${JSON.stringify(answer(line, handlers))}\n`));
}

function answer(line: string, handlers: ControlHandlers): ControlAnswer {
  try {
    const request = JSON.parse(line) as Partial<ControlRequest>;
    if (request.op !== 'relaunch') return { error: 'unknown op' };
    if (typeof request.name !== 'string' || !nodeName.test(request.name)) {
      return { error: 'not a node name' };
    }
    return { pid: handlers.relaunch(request.name) };
  } catch (error) {
    return { error: (error as Error).message };
  }
}

/** Rejects when nobody answers within `timeoutMs`; a node's own refusal is an answer. */
export function askControl(
  folder: string,
  request: ControlRequest,
  timeoutMs: number,
): Promise<ControlAnswer> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(controlPath(folder));
    const timer = setTimeout(() => socket.destroy(new Error('no answer in time')), timeoutMs);
    let greeted = false;
    onLine(socket, (line) => {
      if (!greeted) {
        greeted = true;
        send(socket, request);
        return;
      }
      try {
        resolve(JSON.parse(line) as ControlAnswer);
      } catch (error) {
        reject(error);
      }
      socket.destroy();
    });
    socket.once('error', reject);
    socket.once('close', () => {
      clearTimeout(timer);
      reject(new Error('the connection was closed without an answer'));
    });
  });
}

const send = (socket: Socket, message: unknown) => socket.write(`${JSON.stringify(message)}\n`);

function onLine(socket: Socket, take: (line: string) => void): void {
  let pending = '';
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => {
    pending += chunk;
    if (pending.length > lineBytesMax) socket.destroy(new Error('the line is too long'));
    for (let end = pending.indexOf('\n'); end >= 0; end = pending.indexOf('\n')) {
      const line = pending.slice(0, end);
      pending = pending.slice(end + 1);
      take(line);
    }
  });
}

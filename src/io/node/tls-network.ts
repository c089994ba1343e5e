/**
 * The same over TLS, where both sides have a certificate of the cluster's authority with a name of
 * the kind that is asked for. Whoever has none never becomes a connection: not a byte of his is
 * read by anything but TLS itself.
 */
import type { Socket } from 'node:net';
import { createServer, type TLSSocket, connect as tlsConnect } from 'node:tls';
import type { Connection, Listener, Network } from '../network.ts';
import type { TlsIdentity, TlsSource } from '../tls.ts';
import { listening, NodeConnection, opened, socketOptions } from './network.ts';

/** Of a certificate's names, what comes before this is whom it is for. */
export interface TlsNetworkOptions {
  readonly source: TlsSource;
  readonly nameSuffix: string;
  /** Connections that have not yet shown a certificate. */
  readonly strangersMax?: number;
  readonly handshakeTimeoutMs?: number;
}

export function createTlsNetwork(options: TlsNetworkOptions): Network {
  return {
    listen: (host, port, accept) => listen(options, host, port, accept),
    connect: (host, port, timeoutMs) => connect(options, host, port, timeoutMs),
  };
}

const materialOf = ({ authorities, certificate, key }: TlsIdentity) => {
  return { ca: authorities, cert: certificate, key, minVersion: 'TLSv1.3' } as const;
};

function listen(
  options: TlsNetworkOptions,
  host: string,
  port: number,
  accept: (connection: Connection) => void,
): Promise<Listener> {
  const { source, nameSuffix, strangersMax = 64, handshakeTimeoutMs = 2000 } = options;
  const server = createServer({
    ...socketOptions,
    ...materialOf(source.current),
    ...{ requestCert: true, rejectUnauthorized: true, handshakeTimeout: handshakeTimeoutMs },
  });
  const strangers = new Map<string, Socket>();
  server.on('connection', (socket) => {
    const from = `${socket.remoteAddress}:${socket.remotePort}`;
    strangers.set(from, socket);
    socket.once('close', () => {
      if (strangers.get(from) === socket) strangers.delete(from);
    });
    if (strangers.size <= strangersMax) return;
    // Those that say nothing must not keep others out: a node needs but a moment to show itself.
    const [[oldest, silent] = []] = strangers;
    if (oldest !== undefined) strangers.delete(oldest);
    silent?.destroy();
  });
  // Node tells of a handshake that failed or takes too long, and leaves its socket open.
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  server.on('secureConnection', (socket) => {
    strangers.delete(`${socket.remoteAddress}:${socket.remotePort}`);
    const name = nameOf(socket, nameSuffix);
    // An error that nobody hears would end the process.
    if (name === undefined) socket.on('error', () => {}).destroy();
    else accept(new NodeConnection(socket, name));
  });
  source.follow((identity) => server.setSecureContext(materialOf(identity)));
  return listening(server, host, port);
}

function connect(
  { source, nameSuffix }: TlsNetworkOptions,
  host: string,
  port: number,
  timeoutMs: number,
): Promise<Connection> {
  const socket = tlsConnect({
    ...{ host, port, ...socketOptions, ...materialOf(source.current) },
    // Whom the certificate is for is what counts, not at which address he is met.
    checkServerIdentity: () => undefined,
  });
  return opened(socket, { event: 'secureConnect', timeoutMs, what: `${host}:${port}` }, () => {
    const name = nameOf(socket, nameSuffix);
    if (name !== undefined) return new NodeConnection(socket, name);
    throw new Error(`${host}:${port} has a certificate that names no ${nameSuffix}`);
  });
}

/** Undefined: it isn't of the kind. */
function nameOf(socket: TLSSocket, suffix: string): string | undefined {
  if (!socket.authorized) return undefined;
  const { subjectaltname = '' } = socket.getPeerCertificate();
  const names = subjectaltname.split(', ').flatMap((name) => {
    return name.startsWith('DNS:') && name.endsWith(suffix) ? [name.slice(4, -suffix.length)] : [];
  });
  return names.length === 1 ? names[0] : undefined;
}

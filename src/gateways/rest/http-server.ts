/** Node's server for HTTP, or for HTTPS with a certificate that may be exchanged while it runs. */
import { createServer, type Server, type ServerOptions } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { TlsIdentity, TlsSource } from '#io/tls.ts';
import type { GatewayOptions } from './options.ts';

export interface HttpServer {
  readonly server: Server;
  /** Told of a connection when it can speak HTTP. */
  readonly opened: 'connection' | 'secureConnection';
}

/** Connections that are still shaking hands, beside those that the gateway counts. */
const shakingMax = 1000;

/** `tls` undefined: without. */
export function createHttpServer(options: GatewayOptions, tls: TlsSource | undefined): HttpServer {
  if (tls === undefined) return { server: createServer(optionsOf(options)), opened: 'connection' };
  const server = createTlsServer({
    ...optionsOf(options),
    ...materialOf(tls.current),
    handshakeTimeout: options.headersTimeoutMs,
    // As plain HTTP has it: an answer that comes before the whole request can be read.
    ...{ allowHalfOpen: true },
  });
  server.maxConnections = options.connectionsMax + shakingMax;
  tls.follow((identity) => server.setSecureContext(materialOf(identity)));
  return { server, opened: 'secureConnection' };
}

/** Clients show a token: they are not asked for a certificate. */
const materialOf = ({ certificate, key }: TlsIdentity) => {
  return { cert: certificate, key, minVersion: 'TLSv1.2' } as const;
};

const optionsOf = ({ headersTimeoutMs, keepAliveMs }: GatewayOptions): ServerOptions => ({
  headersTimeout: headersTimeoutMs,
  // A total time would cut long uploads; the watchdog judges their pace.
  requestTimeout: 0,
  connectionsCheckingInterval: Math.min(1000, headersTimeoutMs),
  keepAliveTimeout: keepAliveMs,
  maxHeaderSize: 16 * 1024,
  noDelay: true,
  // Required all the same, by our own check: its answer carries a request id.
  requireHostHeader: false,
});

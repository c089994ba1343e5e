/**
 * The front door in HTTP. It translates requests to `Files` and its answers and errors back, and
 * holds to the contract of the HTTP interface: a 2xx is done, a 4xx never happened, anything else
 * is unknown. It keeps no state of files. Nothing that a client sends makes it throw, hold memory
 * without bound, or wait for ever.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Access } from '#access/access.ts';
import { authorise } from '#access/rights.ts';
import { DftfsError } from '#base/errors.ts';
import type { Files } from '#files/files.ts';
import type { TlsSource } from '#io/tls.ts';
import type { Clock, Random, Timer, Timers } from '#io/world.ts';
import type { AuditLog } from '#observe/audit-log.ts';
import type { Logger } from '#observe/log.ts';
import type { RefusalLog } from '#observe/refusal-log.ts';
import { inScope } from '#observe/request-scope.ts';
import type { Tracer } from '#observe/tracer.ts';
import { auditRefused, auditUnknown } from './audit.ts';
import { ByteBudget } from './byte-budget.ts';
import type { Call, ClusterStatus, NodeAdmin, Services, StaticPage } from './call.ts';
import { httpStatusOf } from './error-map.ts';
import { Exchange } from './exchange.ts';
import { GuardedFiles } from './guard.ts';
import type { HttpMetrics } from './http-metrics.ts';
import { createHttpServer } from './http-server.ts';
import { type GatewayOptions, gatewayDefaults } from './options.ts';
import { HttpProblem } from './problem.ts';
import { hasBody, readHead } from './request-head.ts';
import { type Route, routeOf } from './router.ts';
import { shownToken } from './shown-token.ts';
import { readTarget } from './target.ts';
import { answerUnparsed, writeRaw } from './unparsed.ts';
import { Watchdog } from './watchdog.ts';

type Admission = Pick<Access, 'identify' | 'enter' | 'leave' | 'tokens'>;

export interface GatewayDeps {
  readonly files: Files;
  readonly status: ClusterStatus;
  readonly admin: NodeAdmin;
  /** Left out: whoever reaches the door may do everything. */
  readonly access?: Admission | undefined;
  /** Left out: plain HTTP. */
  readonly tls?: TlsSource | undefined;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Logger;
  /** Fixed pages under `/-/`, by path. */
  readonly pages?: ReadonlyMap<string, StaticPage>;
  /** What follows is left out where it isn't wanted. */
  readonly metrics?: HttpMetrics | undefined;
  /** All that the node counts, as `/-/metrics` shows it. */
  readonly metricsText?: (() => Promise<string>) | undefined;
  readonly tracer?: Tracer | undefined;
  readonly audit?: Pick<AuditLog, 'record'> | undefined;
  readonly refusals?: Pick<RefusalLog, 'record'> | undefined;
}

/** An inherited listening socket, or an address of one's own. */
export type ListenAddress =
  | { readonly fd: number }
  | { readonly host: string; readonly port: number; readonly reusePort?: boolean };

export interface RestGateway {
  /** Since it was made. */
  readonly requestsBegun: number;
  /** May be called for several addresses. Returns the port. */
  listen(address: ListenAddress): Promise<number>;
  /** Takes no more connections, lets what is under way finish for a bounded time, ends the rest. */
  close(): Promise<void>;
}

export function createRestGateway(
  deps: GatewayDeps,
  options: Partial<GatewayOptions> = {},
): RestGateway {
  return new Gateway(deps, { ...gatewayDefaults, ...options });
}

interface Connection {
  requests: number;
  newest: Exchange | undefined;
}

class Gateway implements RestGateway {
  readonly #deps: GatewayDeps;
  readonly #options: GatewayOptions;
  readonly #services: Services;
  readonly #budget: ByteBudget;
  readonly #watchdog: Watchdog;
  readonly #servers: Server[] = [];
  readonly #open = new Set<Exchange>();
  readonly #connectionOf = new WeakMap<Socket, Connection>();
  readonly #idPrefix: string;
  #requests = 0;
  #connections = 0;
  #closing = false;
  #sweepTimer: Timer | undefined;

  constructor(deps: GatewayDeps, options: GatewayOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#budget = new ByteBudget(options.bytesInFlightMax);
    this.#watchdog = new Watchdog(options.pace);
    this.#idPrefix = deps.random.bytes(6).toString('hex');
    deps.metrics?.watchReserved(() => this.#budget.taken);
    const { files, status, admin, clock, pages = new Map(), metricsText: metrics, audit } = deps;
    const tokens = deps.access?.tokens;
    this.#services = { files, status, admin, clock, metrics, pages, audit, tokens };
    this.#scheduleSweep(deps.clock.now());
  }

  get requestsBegun(): number {
    return this.#requests;
  }

  async listen(address: ListenAddress): Promise<number> {
    const server = this.#createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(address, () => {
        server.off('error', reject);
        resolve();
      });
    });
    server.on('error', (error) => this.#deps.log.error('http listener failed', { error }));
    this.#servers.push(server);
    return (server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.#closing = true;
    const closed = this.#servers.map(
      (server) => new Promise<void>((resolve) => server.close(() => resolve())),
    );
    for (const server of this.#servers) server.closeIdleConnections();
    const limit = this.#deps.timers.after(this.#options.closeMs, () => {
      for (const server of this.#servers) server.closeAllConnections();
    });
    await Promise.all(closed);
    limit.cancel();
    this.#sweepTimer?.cancel();
  }

  #createServer(): Server {
    const { server, opened } = createHttpServer(this.#options, this.#deps.tls);
    const accept = (expectsContinue: boolean) => (req: IncomingMessage, res: ServerResponse) =>
      this.#accept(req, res, expectsContinue);
    server.on('request', accept(false));
    server.on('checkContinue', accept(true));
    server.on('checkExpectation', accept(false));
    server.on(opened, (socket: Socket) => this.#admit(socket));
    server.on('clientError', (error: NodeJS.ErrnoException, socket) =>
      this.#answerUnparsed(error, socket as Socket),
    );
    server.on('connect', (_request, socket) => {
      // Node has given the socket out of hand; an error that nobody hears would end the process.
      socket.on('error', () => {});
      const problem = new HttpProblem('method_not_allowed', 'This server is no proxy.');
      writeRaw(socket as Socket, problem, this.#newId(), ['Allow', 'GET, HEAD, PUT, DELETE']);
    });
    return server;
  }

  #answerUnparsed(error: NodeJS.ErrnoException, socket: Socket): void {
    const connection = this.#connectionOf.get(socket);
    // Its handshake failed: it can't be answered.
    if (connection === undefined) socket.destroy();
    else answerUnparsed(error, socket, connection.newest, this.#newId);
  }

  #admit(socket: Socket): void {
    this.#countConnections(1);
    this.#connectionOf.set(socket, { requests: 0, newest: undefined });
    socket.once('close', () => this.#countConnections(-1));
    if (this.#connections <= this.#options.connectionsMax) return;
    this.#deps.metrics?.connectionsRefused.add();
    const problem = new DftfsError('overloaded', 'Too many connections; try again shortly.');
    writeRaw(socket, problem, this.#newId());
  }

  #countConnections(more: 1 | -1): void {
    const { metrics } = this.#deps;
    this.#connections += more;
    if (metrics) metrics.connections.value = this.#connections;
  }

  readonly #newId = (): string => {
    this.#requests += 1;
    return `${this.#idPrefix}-${this.#requests.toString(36)}`;
  };

  #accept(request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void {
    const exchange = new Exchange(request, response, this.#budget, {
      id: this.#newId(),
      startedAt: this.#deps.clock.now(),
      expectsContinue,
    });
    this.#open.add(exchange);
    this.#countOpen();
    this.#note(exchange);
    // Without a listener a broken request would end the process; who reads the body hears of it
    // too.
    request.on('error', () => {});
    response.on('error', () => {});
    response.on('close', () => this.#finish(exchange));
    const { traceparent } = request.headers;
    const header = typeof traceparent === 'string' ? traceparent : undefined;
    exchange.span = this.#deps.tracer?.begin('request', header);
    const scope = { request: exchange.id, span: exchange.span };
    inScope(scope, () => void this.#serve(exchange));
  }

  #countOpen(): void {
    const { metrics } = this.#deps;
    if (metrics) metrics.inFlight.value = this.#open.size;
  }

  #note(exchange: Exchange): void {
    const connection = this.#connectionOf.get(exchange.request.socket);
    if (!connection) return;
    connection.newest = exchange;
    connection.requests += 1;
    const last = connection.requests >= this.#options.requestsPerConnectionMax;
    if (last || this.#closing) exchange.response.shouldKeepAlive = false;
  }

  /** The one guard around everything that handles a request. */
  async #serve(exchange: Exchange): Promise<void> {
    try {
      const head = readHead(exchange.request, this.#options.fileBytesMax);
      exchange.bodyless = !hasBody(head);
      this.#checkExpectation(head.headers.get('expect'));
      const target = readTarget(head);
      exchange.asked = target.path;
      const route = routeOf(head.method, target);
      exchange.operation = route.operation;
      const { access } = this.#deps;
      const call = { exchange, head, target, services: this.#services };
      if (access === undefined || route.asker === 'nobody') await route.run(call);
      else await route.run(await this.#admitted(access, call, route));
    } catch (error) {
      this.#logFailure(exchange, error);
      auditUnknown(exchange, this.#deps.audit, error);
      auditRefused(exchange, this.#deps.refusals, error);
      exchange.fail(error);
    }
  }

  /** Throws unauthenticated, forbidden, too_many_requests. */
  async #admitted(access: Admission, call: Call, { asker, operation }: Route): Promise<Call> {
    const { exchange, target, services } = call;
    const identity = await access.identify(await shownToken(call, asker));
    if (exchange.closed) throw new DftfsError('canceled', 'The client has gone.');
    access.enter(identity);
    exchange.identity = identity;
    if (asker === 'administrator') authorise(identity, 'admin', target.path);
    if (asker === 'reader') authorise(identity, 'read', target.path);
    const files = new GuardedFiles(services.files, identity, operation);
    return { ...call, services: { ...services, files } };
  }

  #checkExpectation(expectation: string | undefined): void {
    if (expectation === undefined || expectation.toLowerCase() === '100-continue') return;
    throw new HttpProblem('expectation_failed', 'The only expectation met is 100-continue.');
  }

  /** A bug for who mends it; what the cluster could not do for who runs it. */
  #logFailure(exchange: Exchange, error: unknown): void {
    if (error instanceof HttpProblem || exchange.closed) return;
    const { operation, path } = exchange;
    if (!(error instanceof DftfsError) || error.code === 'internal') {
      this.#deps.log.error('request met a bug', { operation, path, error });
    } else if (httpStatusOf(error.code) >= 500) {
      const { code, message, outcome } = error;
      // Where there is too much to do already, a line for each would be more of it.
      const level = code === 'overloaded' ? 'debug' : 'info';
      this.#deps.log[level]('request failed', { operation, path, code, message, outcome });
    }
  }

  #finish(exchange: Exchange): void {
    exchange.close();
    if (exchange.identity) this.#deps.access?.leave(exchange.identity);
    this.#open.delete(exchange);
    this.#countOpen();
    const { operation, status, problem, startedAt, bytesReceived, bytesSent } = exchange;
    const durationMs = this.#deps.clock.now() - startedAt;
    const { metrics, log } = this.#deps;
    metrics?.record({ operation, status, problem, durationMs, bytesReceived, bytesSent });
    log.debug('request done', { request: exchange.id, operation, status, durationMs });
    exchange.span?.set('dftfs.operation', operation);
    exchange.span?.set('dftfs.request', exchange.id);
    exchange.span?.set('http.response.status_code', status);
    exchange.span?.end(status >= 500 || status === 0 ? (problem ?? 'the client left') : undefined);
  }

  #scheduleSweep(sweptAt: number): void {
    const { sweepMs } = this.#options;
    this.#sweepTimer = this.#deps.timers.after(sweepMs, () => {
      const now = this.#deps.clock.now();
      this.#watchdog.sweep(this.#open, Math.min(now - sweptAt, 2 * sweepMs));
      this.#scheduleSweep(now);
    });
  }
}

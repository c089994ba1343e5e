/** What an endpoint is given: one request, and the services it may use. */
import type { TokenAdmin } from '#access/token-admin.ts';
import type { NodeId } from '#base/ids.ts';
import type { Files } from '#files/files.ts';
import type { Clock } from '#io/world.ts';
import type { AuditLog } from '#observe/audit-log.ts';
import type { Exchange } from './exchange.ts';
import type { RequestHead } from './request-head.ts';
import type { Target } from './target.ts';

/** The state of the cluster as this process sees it. */
export interface ClusterStatus {
  /** Undefined: ready to serve. Else why not, in a sentence. */
  notReadyReason(): string | undefined;
  /** Anything JSON can say: nodes, volumes, duties. */
  describe(): unknown | Promise<unknown>;
}

/**
 * What an operator may do with a node. Each answers with what JSON can say of it, and throws
 * node_not_found.
 */
export interface NodeAdmin {
  /** How it is, and whether it can be stopped without harm. */
  describe(node: NodeId): Promise<unknown>;
  /** Throws drain_refused where a promise would break. */
  drain(node: NodeId): Promise<unknown>;
  undrain(node: NodeId): Promise<unknown>;
  /** Throws removal_refused while something counts on it. */
  remove(node: NodeId): Promise<unknown>;
}

/** A fixed page under `/-/`. */
export interface StaticPage {
  readonly contentType: string;
  readonly body: Buffer;
  /** With its quotes; another for other bytes. */
  readonly etag: string;
  /** Flat list of names and values that go out too, as of now. */
  headers(): readonly string[];
}

export interface Services {
  readonly files: Files;
  readonly status: ClusterStatus;
  readonly admin: NodeAdmin;
  /** As Prometheus reads them; undefined: they are switched off. */
  readonly metrics: (() => Promise<string>) | undefined;
  /** Of changes; undefined: none is kept. */
  readonly audit: Pick<AuditLog, 'record'> | undefined;
  readonly clock: Clock;
  /** Undefined: nobody has to show one. */
  readonly tokens: TokenAdmin | undefined;
  /** By path, as `/-/console/`. */
  readonly pages: ReadonlyMap<string, StaticPage>;
}

export interface Call {
  readonly exchange: Exchange;
  readonly head: RequestHead;
  readonly target: Target;
  readonly services: Services;
}

export type Endpoint = (call: Call) => Promise<void>;

/** It holds names and metadata that clients chose: no browser is to guess what it is. */
const jsonType = [
  ...['Content-Type', 'application/json', 'Cache-Control', 'no-store'],
  ...['X-Content-Type-Options', 'nosniff'],
];

export function respondJson(exchange: Exchange, value: unknown, headers: readonly string[] = []) {
  exchange.respond(200, [...jsonType, ...headers], `${JSON.stringify(value)}\n`);
}

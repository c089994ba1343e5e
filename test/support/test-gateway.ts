/** A gateway on a free port over files in memory, for tests of the HTTP interface. */
import type { TestContext } from 'node:test';
import { DftfsError } from '#base/errors.ts';
import type { Files } from '#files/files.ts';
import type { ClusterStatus, NodeAdmin } from '#gateways/rest/call.ts';
import { createRestGateway, type GatewayDeps } from '#gateways/rest/gateway.ts';
import { HttpMetrics } from '#gateways/rest/http-metrics.ts';
import type { GatewayOptions } from '#gateways/rest/options.ts';
import { createNodeWorld } from '#io/node/world.ts';
import { createLogger, type Logger, type LogLevel } from '#observe/log.ts';
import { MetricRegister } from '#observe/metric-register.ts';
import { MemoryFiles } from './memory-files.ts';

export interface TestGateway {
  readonly files: MemoryFiles;
  readonly port: number;
  readonly url: string;
  /** Errors logged: a test of a healthy gateway expects none. */
  readonly logged: string[];
  close(): Promise<void>;
}

export interface TestGatewaySetup {
  readonly options?: Partial<GatewayOptions>;
  readonly status?: ClusterStatus;
  readonly admin?: NodeAdmin;
  readonly tls?: GatewayDeps['tls'];
  readonly access?: GatewayDeps['access'];
  readonly pages?: GatewayDeps['pages'];
  readonly tracer?: GatewayDeps['tracer'];
  readonly audit?: GatewayDeps['audit'];
  readonly refusals?: GatewayDeps['refusals'];
  /** Nothing is counted. */
  readonly isUncounted?: boolean;
  readonly logLevel?: LogLevel;
  /** Stands before the files in memory, to slow or break them. */
  readonly wrap?: (files: MemoryFiles) => Files;
}

const quietStatus: ClusterStatus = {
  notReadyReason: () => undefined,
  describe: () => ({ nodes: [] }),
};

/** A cluster that knows no node. */
const unknownNode = async (node: string): Promise<never> => {
  throw new DftfsError('node_not_found', `There is no node ${node}.`);
};
export const nodelessAdmin: NodeAdmin = {
  describe: unknownNode,
  drain: unknownNode,
  undrain: unknownNode,
  remove: unknownNode,
};

export async function startTestGateway(setup: TestGatewaySetup = {}): Promise<TestGateway> {
  const files = new MemoryFiles();
  const { clock, timers, random } = createNodeWorld();
  const { logLevel = 'error' } = setup;
  const logged: string[] = [];
  const log: Logger = createLogger(
    (line) => logged.push(line),
    () => clock.wall(),
    logLevel,
  );
  const { options, status = quietStatus, admin = nodelessAdmin, pages, wrap } = setup;
  const served = wrap ? wrap(files) : files;
  const deps = {
    ...{ files: served, status, admin, clock, timers, random, log },
    ...(pages ? { pages } : {}),
    ...(setup.isUncounted ? {} : counted()),
    ...{ tracer: setup.tracer, audit: setup.audit, refusals: setup.refusals },
    ...{ access: setup.access, tls: setup.tls },
  };
  const gateway = createRestGateway(deps, { closeMs: 100, ...options });
  const port = await gateway.listen({ host: '127.0.0.1', port: 0 });
  const url = `${setup.tls ? 'https' : 'http'}://127.0.0.1:${port}`;
  return { files, port, url, logged, close: () => gateway.close() };
}

function counted() {
  const register = new MetricRegister();
  return { metrics: new HttpMetrics(register), metricsText: () => register.text() };
}

/** The same, ended with the test. */
export async function testGateway(
  context: TestContext,
  setup: TestGatewaySetup = {},
): Promise<TestGateway> {
  const gateway = await startTestGateway(setup);
  context.after(() => gateway.close());
  return gateway;
}

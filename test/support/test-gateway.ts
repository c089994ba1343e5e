/** A gateway on a free port over files in memory, for tests of the HTTP interface. */
import type { TestContext } from 'node:test';
import { DftfsError } from '#base/errors.ts';
import type { Files } from '#files/files.ts';
import type { ClusterStatus, NodeAdmin } from '#gateways/rest/call.ts';
import { createRestGateway, type GatewayDeps, type RestGateway } from '#gateways/rest/gateway.ts';
import type { GatewayOptions } from '#gateways/rest/options.ts';
import { createNodeWorld } from '#io/node/world.ts';
import { createLogger, type Logger } from '#observe/log.ts';
import { MemoryFiles } from './memory-files.ts';

export interface TestGateway {
  readonly files: MemoryFiles;
  readonly port: number;
  readonly url: string;
  /** Errors logged: a test of a healthy gateway expects none. */
  readonly logged: string[];
  counts(): ReturnType<RestGateway['requestCounts']>;
  close(): Promise<void>;
}

export interface TestGatewaySetup {
  readonly options?: Partial<GatewayOptions>;
  readonly status?: ClusterStatus;
  readonly admin?: NodeAdmin;
  readonly pages?: GatewayDeps['pages'];
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
  const logged: string[] = [];
  const log: Logger = createLogger(
    (line) => logged.push(line),
    () => clock.wall(),
    'error',
  );
  const { options, status = quietStatus, admin = nodelessAdmin, pages, wrap } = setup;
  const served = wrap ? wrap(files) : files;
  const deps = {
    ...{ files: served, status, admin, clock, timers, random, log },
    ...(pages ? { pages } : {}),
  };
  const gateway = createRestGateway(deps, { closeMs: 100, ...options });
  const port = await gateway.listen({ host: '127.0.0.1', port: 0 });
  const url = `http://127.0.0.1:${port}`;
  const counts = () => gateway.requestCounts();
  return { files, port, url, logged, counts, close: () => gateway.close() };
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

/**
 * One DFTFS node as a process: `node src/app/node.ts --config <file>`. Ends by itself after SIGTERM
 * or SIGINT, when what is under way has finished; a fault that nobody handled ends it at once, as a
 * kill would.
 */
import { parseArgs } from 'node:util';
import { isCode } from '#base/errors.ts';
import { readNodeConfig } from '#config/node-config.ts';
import { readClusterSecret } from '#config/node-secrets.ts';
import { createNodeWorld } from '#io/node/world.ts';
import { createLogger } from '#observe/log.ts';
import { serveControl } from './local/control.ts';
import { launchNode } from './local/launch-node.ts';
import { NodeProcess } from './node-process.ts';
import { processSurroundings } from './process-surroundings.ts';

const { values } = parseArgs({ options: { config: { type: 'string' } } });
if (values.config === undefined) throw new Error('usage: node.ts --config <file>');
const configPath = values.config;

const config = readOrEnd(() => readNodeConfig(configPath, process.env));
const world = createNodeWorld();
const log = createLogger(
  (line) => process.stderr.write(line),
  () => world.clock.wall(),
  config.node.logLevel,
  { node: config.node.id },
);

process.on('uncaughtException', (error) => {
  log.error('unhandled fault: the process ends', { error });
  process.exit(1);
});

const secret = readOrEnd(() => readClusterSecret(config.cluster.secretFile));
const node = new NodeProcess(
  world,
  config,
  secret,
  log,
  processSurroundings(world, config, secret, log),
);
const stopping = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => stopping.abort());
}

await node.start(stopping.signal);
const control = await serveControl(config.node.dataFolder, {
  relaunch: (name) =>
    launchNode({
      data: `${config.node.dataFolder}/..`,
      name,
      frontDoor: config.node.publicFd ?? undefined,
    }),
});
if (!stopping.signal.aborted) {
  await new Promise((resolve) => stopping.signal.addEventListener('abort', resolve));
}
await world.timers.sleep(config.node.stopDelayMs);
await control.close();
await node.close();
process.exit(0);

/** What whoever wrote the settings can mend is told in one line, before anything has begun. */
function readOrEnd<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!isCode(error, 'invalid_argument')) throw error;
    process.stderr.write(`dftfs: ${error.message}\n`);
    process.exit(1);
  }
}

/**
 * One DFTFS node as a process: `node src/app/node.ts --config <file>`. Ends by itself after SIGTERM
 * or SIGINT, when what is under way has finished; a fault that nobody handled ends it at once, as a
 * kill would.
 */
import { parseArgs } from 'node:util';
import { isCode } from '#base/errors.ts';
import { readNodeConfig } from '#config/node-config.ts';
import { lineSink } from '#io/node/line-sink.ts';
import { createNodeWorld } from '#io/node/world.ts';
import { createLogger, type Logger } from '#observe/log.ts';
import { serveControl } from './local/control.ts';
import { launchNode } from './local/launch-node.ts';
import { NodeProcess } from './node-process.ts';
import { openNodeSecrets, securedWorld } from './node-secrets.ts';
import { processSurroundings } from './process-surroundings.ts';

const { values } = parseArgs({ options: { config: { type: 'string' } } });
if (values.config === undefined) throw new Error('usage: node.ts --config <file>');
const configPath = values.config;

const config = await orEnd(async () => readNodeConfig(configPath, process.env));
const plainWorld = createNodeWorld();
const log: Logger = createLogger(
  lineSink((lines) => log.warn('log lines lost', { lines })),
  () => plainWorld.clock.wall(),
  config.node.logLevel,
  { node: config.node.id },
);

// What the runtime itself has to say goes there too.
process.stderr.on('error', () => {});

process.on('uncaughtException', (error) => {
  log.error('unhandled fault: the process ends', { error });
  process.exit(1);
});

const secrets = await orEnd(() => openNodeSecrets(plainWorld, config, log));
const world = securedWorld(plainWorld, secrets);
const around = processSurroundings(world, config, secrets, log);
const node = new NodeProcess(world, config, secrets.clusterSecret, log, around);
const stopping = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => stopping.abort());
}
if (secrets.tls) process.on('SIGHUP', secrets.tls.look);

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
async function orEnd<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!isCode(error, 'invalid_argument')) throw error;
    process.stderr.write(`dftfs: ${error.message}\n`);
    process.exit(1);
  }
}

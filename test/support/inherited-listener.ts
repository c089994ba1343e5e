/**
 * A process that serves files in memory on the listening socket it has inherited as descriptor 3.
 */
import { createRestGateway } from '#gateways/rest/gateway.ts';
import { createNodeWorld } from '#io/node/world.ts';
import { silentLogger } from '#observe/log.ts';
import { MemoryFiles } from './memory-files.ts';
import { nodelessAdmin } from './test-gateway.ts';

const { clock, timers, random } = createNodeWorld();
const gateway = createRestGateway({
  files: new MemoryFiles(),
  status: { notReadyReason: () => undefined, describe: () => ({}) },
  admin: nodelessAdmin,
  clock,
  timers,
  random,
  log: silentLogger,
});
await gateway.listen({ fd: 3 });
process.stdout.write('listening\n');

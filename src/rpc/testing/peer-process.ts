/** For tests: a server in a process of its own, that can be killed. Tells its port over IPC. */
import { createRpcServer } from '../server.ts';
import { deps, far, identityOf } from './pair.ts';

const server = await createRpcServer(deps, {
  ...identityOf(far),
  host: '127.0.0.1',
  port: 0,
  handlers: { never: () => new Promise(() => process.send?.('began')) },
});
process.on('disconnect', () => process.exit(0));
process.send?.(server.port);

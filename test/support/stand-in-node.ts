/** Does of a node only what the launcher relies on: config, readiness, front door, control. */
import { createServer } from 'node:http';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { etcdAnswers } from '#app/local/answering.ts';
import { serveControl } from '#app/local/control.ts';
import { launchNode } from '#app/local/launch-node.ts';
import { readNodeConfig } from '#config/node-config.ts';

const { config: file = '' } = parseArgs({ options: { config: { type: 'string' } } }).values;
const { cluster, node } = readNodeConfig(file, process.env);
if (process.env.STAND_IN_FAILS === node.id) throw new Error('this one was told to fail');

const server = createServer(async (request, response) => {
  if (request.url !== '/exists?path=/started') return response.end(node.id);
  const probes = cluster.etcdEndpoints.map(async (url) => {
    if (!(await etcdAnswers(url)())) throw new Error('no answer');
  });
  await Promise.any(probes).then(
    () => response.end('0'),
    () => response.writeHead(503).end(),
  );
});
const own = createServer((_request, response) => response.end('ready'));
if (process.env.STAND_IN_SILENT !== node.id) own.listen(node.httpPort, node.host);
if (node.publicFd !== null) server.listen({ fd: node.publicFd });
else server.listen({ host: node.host, port: node.publicPort ?? 0, reusePort: true });

const data = dirname(node.dataFolder);
const frontDoor = node.publicFd ?? undefined;
const control = await serveControl(node.dataFolder, {
  relaunch: (name) => launchNode({ data, name, frontDoor }, import.meta.filename),
});

process.once('SIGTERM', async () => {
  await control.close();
  process.exit(0);
});

/**
 * The program behind demo.sh. Whatever happens, be it Ctrl-C or a bug, the cluster that it started
 * is gone when it ends, and nobody else's is touched.
 */
import { runProgram } from '#app/local/command.ts';
import { LaunchError } from '#app/local/launch-error.ts';
import { keepLogs, type LocalCluster, startLocalCluster } from '../test/support/local-cluster.ts';
import { counted } from './draw/figures.ts';
import { verdictTable } from './draw/verdict-table.ts';
import { type DemoOptions, demoHelp, parseDemoOptions } from './options.ts';
import { Scene } from './scene.ts';
import { openScreen, type Screen } from './screen.ts';
import { show } from './show.ts';
import { type Verdict, verdictOf } from './verdict.ts';

await runProgram(async ({ args, say, signal }) => {
  const options = parseDemoOptions(args);
  if (options === undefined) return say(demoHelp.trimEnd());
  const interrupted = AbortSignal.any([signal, outputLost()]);
  /** From then on nothing more of the cluster is started. */
  const over = new AbortController();
  const { nodes, seed, plain } = options;
  say(`starting a cluster of its own: ${counted(nodes, 'node')}, 5 etcd members; seed ${seed}`);
  const cluster = await startLocalCluster({
    nodes,
    signal: AbortSignal.any([interrupted, over.signal]),
  });
  say(`it answers at ${cluster.url}; its data is in ${cluster.data}`);
  const screen = openScreen(process.stdout, process.env, plain);
  try {
    const verdict = await raced(played(cluster, screen, options), interrupted);
    screen.close();
    screen.print(verdictTable(verdict, screen.columns));
    if (verdict.isKept) return;
    process.exitCode = 1;
    say(`the processes' logs are kept in ${await keepLogs(cluster)}`);
  } finally {
    screen.close();
    over.abort();
    await cluster.stop();
  }
});
// What was interrupted may still be waiting for something.
process.exit();

async function played(
  cluster: LocalCluster,
  screen: Screen,
  options: DemoOptions,
): Promise<Verdict> {
  const scene = new Scene(cluster, (event) => screen.hear(event));
  screen.show(() => scene.picture());
  return verdictOf(await show(cluster, scene, options));
}

/** Fails at once when interrupted; what is under way is left to itself. */
async function raced<T>(work: Promise<T>, interrupted: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  interrupted.addEventListener('abort', () => reject(interrupted.reason));
  work.catch(() => {});
  interrupted.throwIfAborted();
  return await Promise.race([work, promise]);
}

/** A terminal that was closed, or a reader that went away, is no reason to leave anything. */
function outputLost(): AbortSignal {
  const lost = new AbortController();
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', () => lost.abort(new LaunchError('nobody reads the output any more')));
  }
  return lost.signal;
}

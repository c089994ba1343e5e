/** start.sh's program with stand-ins in place of nodes. */
import { join } from 'node:path';
import { runProgram } from '#app/local/command.ts';
import { startCluster } from '#app/local/launcher.ts';
import { parseStartOptions } from '#app/local/options.ts';

const program = join(import.meta.dirname, 'stand-in-node.ts');

await runProgram(async ({ args, say, print, signal }) => {
  const options = parseStartOptions(args);
  if (options === undefined) throw new Error('help was not asked for');
  const { pids } = await startCluster(options, { say, signal, program });
  for (const pid of pids) print(String(pid));
});

/** The program behind start.sh. On stdout stand PIDs and nothing else. */
import { runProgram } from './command.ts';
import { startCluster } from './launcher.ts';
import { adminTokenPath, publicUrl } from './manifest.ts';
import { parseStartOptions, startHelp } from './options.ts';
import { processTable } from './table.ts';

await runProgram(async ({ args, say, print, signal }) => {
  const options = parseStartOptions(args);
  if (options === undefined) return say(startHelp.trimEnd());
  const { manifest, pids } = await startCluster(options, { say, signal });
  say(processTable(options.data, manifest));
  say(`the cluster answers at ${publicUrl(manifest)}`);
  if (manifest.tokens) say(`the first token is in ${adminTokenPath(options.data)}`);
  for (const pid of pids) print(String(pid));
});

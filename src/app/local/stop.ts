/** The program behind stop.sh. */
import { runProgram } from './command.ts';
import { parseStopOptions, stopHelp } from './options.ts';
import { stopCluster } from './stopper.ts';

await runProgram(async ({ args, say }) => {
  const options = parseStopOptions(args);
  if (options === undefined) return say(stopHelp.trimEnd());
  await stopCluster(options, { say });
});

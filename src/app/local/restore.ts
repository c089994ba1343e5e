/** The program behind restore.sh. */
import { releaseCollection } from '#cluster/collection-hold.ts';
import { runProgram } from './command.ts';
import { knownManifest, withNames } from './names-engine.ts';
import { parseRestoreOptions, restoreHelp } from './options.ts';
import { restoreCluster } from './restorer.ts';

const timeoutMs = 10_000;

await runProgram(async ({ args, say, signal }) => {
  const options = parseRestoreOptions(args);
  if (options === undefined) return say(restoreHelp.trimEnd());
  const { data, file } = options;
  if (file === undefined) {
    const manifest = await knownManifest(data);
    const released = await withNames(data, manifest, (kv) => releaseCollection(kv, { timeoutMs }));
    return say(
      released ? 'what has no name may be thrown away again' : 'there was nothing to release',
    );
  }
  const { takenMs } = await restoreCluster({ data, file }, { say, signal });
  say(`the names are those of ${new Date(takenMs).toISOString()}; start the cluster: ./start.sh`);
  say('what was put since is kept on the disks, without names, until ./restore.sh --release');
});

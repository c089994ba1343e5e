/** The program behind backup.sh. */
import { asDftfsError } from '#base/errors.ts';
import { backUpNames } from '#namespace/backup/back-up.ts';
import { writeBackup } from './backup-file.ts';
import { runProgram } from './command.ts';
import { LaunchError } from './launch-error.ts';
import { knownManifest, withNames } from './names-engine.ts';
import { backupHelp, parseBackupOptions } from './options.ts';

await runProgram(async ({ args, say }) => {
  const options = parseBackupOptions(args);
  if (options === undefined) return say(backupHelp.trimEnd());
  const manifest = await knownManifest(options.data);
  const { clusterId, era } = manifest;
  try {
    await withNames(options.data, manifest, (kv) =>
      writeBackup(options.file, backUpNames(kv, { clusterId, era, takenMs: Date.now() })),
    );
  } catch (error) {
    if (asDftfsError(error).code !== 'names_unavailable') throw error;
    throw new LaunchError(`no backup was made, try again: ${(error as Error).message}`);
  }
  say(`the names are in ${options.file}`);
});

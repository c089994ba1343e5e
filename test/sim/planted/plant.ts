/**
 * `node --import plant.ts`, with the name of a bug in DFTFS_PLANT: changes the product's code while
 * it is loaded.
 */
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import { plantedBugs } from './bugs.ts';
import { editsByFile, withEdits } from './planted-bug.ts';

const root = new URL('../../../', import.meta.url);
const name = process.env.DFTFS_PLANT;
const bug = plantedBugs.find((one) => one.name === name);
if (bug === undefined) throw new Error(`no planted bug is called ${name}`);

const sources = new Map<string, string>();
for (const [file, edits] of editsByFile(bug)) {
  const url = new URL(file, root).href;
  sources.set(url, withEdits(readFileSync(fileURLToPath(url), 'utf8'), edits));
}

registerHooks({
  load(url, context, next) {
    const source = sources.get(url);
    if (source === undefined) return next(url, context);
    return { format: 'module-typescript', shortCircuit: true, source };
  },
});

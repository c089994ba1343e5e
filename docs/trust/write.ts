/** `npm run trust`: writes `docs/trust.md` anew from the result files at hand. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { trustPage } from './page.ts';
import { projectFolder, readResults } from './results.ts';

const file = path.join(projectFolder, 'docs/trust.md');
writeFileSync(file, trustPage(readResults()));
process.stderr.write(`written to ${file}\n`);

/**
 * `npm run report`: builds `docs/report/report.pdf` from its source and the data files.
 * `-- --pages FOLDER` also draws each page as an SVG, to be looked at.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { compileReport, reportFolder } from './compile.ts';

const { values } = parseArgs({ options: { pages: { type: 'string' } } });
const report = compileReport();
const file = path.join(reportFolder, 'report.pdf');
writeFileSync(file, report.pdf());
process.stderr.write(`written to ${file}\n`);
if (values.pages !== undefined) {
  mkdirSync(values.pages, { recursive: true });
  writeFileSync(path.join(values.pages, 'report.svg'), report.svg());
}

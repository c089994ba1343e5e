/** The report from its source and the data files, by Typst's compiler with the fonts it brings. */
import path from 'node:path';
import { NodeCompiler } from '@myriaddreamin/typst-ts-node-compiler';
import { evidenceRows } from '../trust/page.ts';
import { readResults } from '../trust/results.ts';

export const reportFolder = import.meta.dirname;

export interface CompiledReport {
  readonly pages: number;
  pdf(): Buffer;
  /** All pages, one below the other. */
  svg(): string;
}

/** Throws with what the compiler says, and where. */
export function compileReport(): CompiledReport {
  const compiler = NodeCompiler.create({ workspace: reportFolder });
  const evidence = evidenceRows(readResults()).map(([what, found, when]) => ({
    what,
    found,
    when,
  }));
  const result = compiler.compile({
    mainFilePath: path.join(reportFolder, 'report.typ'),
    inputs: { evidence: JSON.stringify(evidence) },
  });
  const document = result.result;
  if (document === null) {
    const error = result.takeDiagnostics();
    throw new Error(JSON.stringify(error && compiler.fetchDiagnostics(error), undefined, 2));
  }
  return {
    pages: document.numOfPages,
    pdf: () => compiler.pdf(document),
    svg: () => compiler.plainSvg(document),
  };
}

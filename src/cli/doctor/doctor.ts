/** `dftfs doctor` */
import { exitCodes } from '../exit-codes.ts';
import { wrapped } from '../line/help.ts';
import { countText } from '../output/format.ts';
import type { Output } from '../output/output.ts';
import type { Verb } from '../verb.ts';
import { diagnose, type Finding, type Seen } from './findings.ts';
import { look } from './look.ts';

export const doctor: Verb = {
  name: 'doctor',
  summary: 'find what is wrong and say what to do',
  arguments: [],
  options: [],
  details: [
    'Looks at each endpoint, the nodes and their disks, margins, etcd, garbage held after a restore, and clocks. The exit code is 0 if all is well, 1 if there is something to do, 4 if no endpoint answers. Notes do not count.',
  ],
  run: async (session) => {
    const { output } = session;
    const seen = await look(session);
    const findings = diagnose(seen);
    output.answer(exitOf(seen, findings));
    if (output.json) for (const finding of findings) output.result(finding, '');
    else output.print(describe(seen, findings, output));
  },
};

function exitOf({ endpoints }: Seen, findings: readonly Finding[]): number {
  if (endpoints.every(({ error }) => error !== undefined)) return exitCodes.unavailable.code;
  const isWell = findings.every(({ severity }) => severity === 'note');
  return isWell ? exitCodes.ok.code : exitCodes.no.code;
}

const colours = { critical: 'red', warning: 'yellow', note: 'blue' } as const;

function describe({ cluster }: Seen, findings: readonly Finding[], output: Output): string {
  const told = findings.map(({ severity, what, advice }) => {
    const head = output.paint(colours[severity], severity);
    const text = wrapped(advice, 76).replaceAll('\n', '\n    ');
    return `${head}: ${what}\n    ${text}`;
  });
  const real = findings.filter(({ severity }) => severity !== 'note').length;
  const nodes = cluster === undefined ? '' : ` among ${countText(cluster.nodes.length, 'node')}`;
  const verdict =
    real === 0
      ? output.paint('green', `All is well${nodes}.`)
      : `${countText(real, 'thing')} to see to.`;
  return [...told, verdict].join('\n\n');
}

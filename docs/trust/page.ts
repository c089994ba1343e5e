/** The trust page: what was run, where and when, and what came of it. Pure. */
import type { DataFile, Machine } from '../../experiment/data-file.ts';
import type { RecordedResult } from '../../test/faults/record.ts';
import { lineOf } from './experiment-lines.ts';
import type { Results, SimulationCounter } from './results.ts';
import { dayOf, figure, grouped, sum, table } from './table.ts';

const notMeasured = 'not measured';
const hourMs = 3_600_000;

export type Row = readonly [
  what: string,
  found: string,
  when: string,
  where: string,
  again: string,
];

export function trustPage(results: Results): string {
  const sections = [
    head(results),
    faultKinds(results),
    plantedBugs(results),
    scenarios(results),
    speed(results),
    bugs(results),
    notPromised,
  ];
  return `${sections.filter(Boolean).join('\n\n')}\n`;
}

/** What was run besides the experiment. */
export const evidenceRows = (results: Results): Row[] => [
  simulationRow(results),
  plantedRow(results),
  modelRow(results),
  ...scenarioRows(results),
];

function head(results: Results): string {
  const rows = [...evidenceRows(results), ...experimentRows(results.experiment)];
  return [
    '# What has been shown, and how to see it again',
    'Made by `npm run trust` from the files that the runs wrote: no number here is typed. What has not been run says so.',
    table(['what', 'found', 'when', 'where', 'again'], rows),
    'The experiment is discussed in the [report](report/report.pdf).',
  ].join('\n\n');
}

function simulationRow({ simulation }: Results): Row {
  const again = '`npm run sim -- --seeds 2000`, one seed: `-- --seed N`';
  if (simulation === undefined) return ['Simulation', notMeasured, '–', '–', again];
  const { seeds, operations, virtualMs } = simulation.total;
  const found = [
    `${grouped(seeds)} seeds`,
    failedSeeds(simulation),
    `${grouped(operations)} operations`,
    `${figure(virtualMs / hourMs / 24)} virtual days`,
  ];
  const when = period(simulation.commits.map(({ day }) => day));
  return ['Simulation', found.join(' · '), when, 'any machine: a seed is a run', again];
}

function failedSeeds({ total, commits }: SimulationCounter): string {
  if (total.failedSeeds === 0) return '0 violations';
  const last = commits.findLastIndex((one) => one.failedSeeds > 0);
  const since = sum(commits.slice(last + 1).map(({ seeds }) => seeds));
  const failed = `${grouped(total.failedSeeds)} with violations, last at ${commits[last]?.commit}`;
  return `${failed}: ${since === 0 ? 'none run since' : `0 of ${grouped(since)} since`}`;
}

function plantedRow({ planted }: Results): Row {
  const again = '`npm run sim:planted`';
  if (planted === undefined) return ['Planted bugs', notMeasured, '–', '–', again];
  const median = planted.medianSeeds === undefined ? '' : `, median ${planted.medianSeeds} seeds`;
  const found = `${planted.found} of ${planted.planted} found${median}`;
  return ['Planted bugs', found, planted.day, `commit ${planted.commit}`, again];
}

function modelRow({ model }: Results): Row {
  const what = 'Simulated names engine against etcd';
  if (model === undefined) return [what, notMeasured, '–', '–', '`npm run sim:model`'];
  const found = `${grouped(model.operations)} operations · ${model.differences} differences`;
  const again = `\`npm run sim:model -- --seed ${model.seed}\``;
  return [what, found, model.day, `commit ${model.commit}`, again];
}

function scenarioRows({ faults }: Results): Row[] {
  const again = '`npm run faults -- --long`';
  const names = ['Real faults', 'Durability under real faults'] as const;
  if (faults === undefined) return names.map((name) => [name, notMeasured, '–', '–', again]);
  const count = (verdict: string) => faults.filter((one) => one.verdict === verdict).length;
  const inAll = (of: (one: RecordedResult) => number) => sum(faults.map(of));
  const verdicts = (['kept', 'broken', 'void', 'skipped'] as const).map(
    (verdict) => `${count(verdict)} ${verdict}`,
  );
  const durability = [
    `${grouped(inAll((one) => one.acknowledged))} acknowledged`,
    `${grouped(inAll((one) => one.readBack))} read back whole`,
    `${grouped(inAll((one) => one.lost))} lost`,
    `${grouped(inAll((one) => one.wrong))} wrong answers`,
    `${grouped(inAll((one) => one.unknown))} of ${grouped(inAll((one) => one.operations))} unknown`,
  ];
  const when = period(faults.map(({ at }) => dayOf(at)));
  const where = [...new Set(faults.map(({ machine }) => placeOf(machine)))].join('; ');
  return [
    [names[0], `${faults.length} scenarios: ${verdicts.join(', ')}`, when, where, again],
    [names[1], durability.join(' · '), when, where, again],
  ];
}

function experimentRows(files: readonly DataFile[]): Row[] {
  if (files.length === 0) {
    return [['Experiment', notMeasured, '–', '–', '`npm run experiment`']];
  }
  return files.map((file) => {
    const where = `${placeOf(file.machine)}, ${file.commit}`;
    const form = file.quick ? ' (quick form)' : '';
    return [
      `Experiment: ${file.title}${form}`,
      lineOf(file),
      dayOf(file.at),
      where,
      `\`${file.command}\``,
    ];
  });
}

const placeOf = ({ cpu, cores, memoryGiB, kernel, node }: Machine): string =>
  `${cores} × ${cpu}, ${memoryGiB} GiB, ${kernel}, Node ${node}`;

function period(days: readonly string[]): string {
  const sorted = [...new Set(days)].sort();
  return sorted.length > 1 ? `${sorted[0]} to ${sorted.at(-1)}` : (sorted[0] ?? '–');
}

function faultKinds({ simulation }: Results): string {
  if (simulation === undefined) return '';
  const rows = Object.entries(simulation.total.faults).map(([kind, count]) => [
    kind,
    grouped(count),
  ]);
  return ['## Faults in simulation', table(['kind', 'times'], rows)].join('\n\n');
}

function plantedBugs({ planted }: Results): string {
  if (planted === undefined) return '';
  const rows = planted.bugs.map(({ name, found, seeds, failed, kind }) => [
    name,
    found ? `in ${failed} of ${seeds} seeds` : `not in ${seeds} seeds`,
    kind ?? '–',
  ]);
  const why = 'Each is put into the code on purpose: what could not be found could not be missed.';
  return ['## Planted bugs', why, table(['bug', 'found', 'as'], rows)].join('\n\n');
}

function scenarios({ faults }: Results): string {
  if (faults === undefined) return '';
  const rows = faults.map((one) => [
    `${one.scenario}, seed ${one.seed}`,
    one.verdict + (one.reason === undefined ? '' : `: ${one.reason}`),
    grouped(one.acknowledged),
    grouped(one.readBack),
    String(one.lost),
    String(one.wrong),
    grouped(one.longestStallMs),
    `${dayOf(one.at)}, ${one.commit}`,
  ]);
  const head = ['scenario', 'verdict', 'acknowledged', 'read back', 'lost', 'wrong', 'stall/ms'];
  const how =
    'What each does is told in [faults](faults.md). Again: `npm run faults -- --only scenario --seed N`';
  return ['## Real faults', how, table([...head, 'when'], rows)].join('\n\n');
}

function speed({ benchmark }: Results): string {
  if (benchmark === undefined) return `## Speed\n\n${notMeasured}: \`npm run bench\``;
  const optional = (value: number | undefined) => (value === undefined ? '–' : figure(value));
  const rows = benchmark.rows.map(({ what, figure: value, unit, p50Ms, p99Ms, errors }) => [
    what,
    `${figure(value)} ${unit}`,
    optional(p50Ms),
    optional(p99Ms),
    errors === undefined ? '–' : String(errors),
  ]);
  return [
    '## Speed',
    `${benchmark.where}, ${dayOf(benchmark.at)}. Again: \`npm run bench\``,
    table(['what', 'figure', 'p50/ms', 'p99/ms', 'errors'], rows),
  ].join('\n\n');
}

function bugs(results: Results): string {
  const rows = results.bugs.map(({ what, foundBy, fixed, test, name }) => [
    what,
    foundBy,
    `\`${fixed}\``,
    `\`./test.sh ${test}\`: “${name}”`,
  ]);
  return [
    '## Bugs found on the way',
    'Each test failed before the fix. To see it fail, take the fix back.',
    table(['what', 'found by', 'fixed', 'kept away by'], rows),
  ].join('\n\n');
}

const notPromised = [
  '## Not promised',
  'Three or more losses at once; atomicity over several paths, but for move; anything beyond loopback. See the ' +
    "README's limits, and the report's assumptions.",
].join('\n\n');

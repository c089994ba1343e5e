/**
 * Runs simulations: `npm run sim -- --seeds 2000`, `--from 5000`, `--seed 42` to see one again,
 * with `--log` to see what its nodes say. `--planted`: looks for bugs that are put in for that.
 */
import { parseArgs } from 'node:util';
import { createLogger } from '#observe/log.ts';
import { hunt } from './planted/hunt.ts';
import { type Outcome, simulate } from './simulate.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    log: { type: 'boolean', default: false },
    planted: { type: 'boolean', default: false },
    'until-found': { type: 'boolean', default: false },
    only: { type: 'string' },
  },
});

const print = (line: string): void => void process.stdout.write(`${line}\n`);

function show({ seed, plan, failures, answers, faults, exits, ...rest }: Outcome): void {
  print(`seed ${seed}: ${failures.length === 0 ? 'well' : `${failures.length} failures`}`);
  for (const { kind, detail, atMs } of failures) print(`  ${kind} at ${atMs} ms: ${detail}`);
  if (values.seed === undefined) return;
  print(JSON.stringify({ ...plan, faults: [...plan.faults] }));
  print(JSON.stringify({ ...rest, ...Object.fromEntries(faults), exits }));
  print(JSON.stringify(Object.fromEntries([...answers].sort())));
}

const logOf = (node: string, now: () => number) =>
  createLogger((line) => print(`${now().toFixed(1)} ${line.trim()}`), now, 'debug', { node });

async function huntAll(): Promise<void> {
  let missed = 0;
  const untilFound = values['until-found'];
  const options = { from: Number(values.from), seedsMax: Number(values.seeds), untilFound };
  for await (const found of hunt(options, values.only)) {
    const { bug, seeds, failed, seed, kind } = found;
    if (seed === undefined) missed += 1;
    const how = seed === undefined ? '' : `, first at seed ${seed}: ${kind}`;
    print(`${failed} of ${seeds} seeds: ${bug.name}${how}`);
  }
  print(missed === 0 ? 'all planted bugs found' : `${missed} planted bugs NOT found`);
  process.exitCode = missed > 0 ? 1 : 0;
}

async function runAll(): Promise<void> {
  const first = Number(values.seed ?? values.from);
  const count = values.seed === undefined ? Number(values.seeds) : 1;
  const began = performance.now();
  const sum = { operations: 0, events: 0, virtualMs: 0, failed: 0 };
  const faults = new Map<string, number>();
  for (let seed = first; seed < first + count; seed++) {
    const outcome = await simulate(seed, values.log ? { log: logOf } : {});
    sum.operations += outcome.operations;
    sum.events += outcome.events;
    sum.virtualMs += outcome.virtualMs;
    for (const [kind, count] of outcome.faults) faults.set(kind, (faults.get(kind) ?? 0) + count);
    if (outcome.exits.length > 0)
      faults.set('exit', (faults.get('exit') ?? 0) + outcome.exits.length);
    if (outcome.failures.length > 0) sum.failed += 1;
    if (outcome.failures.length > 0 || count === 1) show(outcome);
  }
  print(
    `faults: ${[...faults]
      .sort()
      .map(([kind, count]) => `${count} ${kind}`)
      .join(', ')}`,
  );
  const seconds = (performance.now() - began) / 1000;
  print(
    `${count} seeds from ${first}, ${sum.failed} failed, ${sum.operations} operations, ` +
      `${sum.events} events, ${(sum.virtualMs / 3_600_000).toFixed(1)} virtual hours ` +
      `in ${seconds.toFixed(1)} s, ${((seconds * 1000) / count).toFixed(0)} ms a seed`,
  );
  process.exitCode = sum.failed > 0 ? 1 : 0;
}

await (values.planted ? huntAll() : runAll());

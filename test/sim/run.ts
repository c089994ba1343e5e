/**
 * Runs simulations: `npm run sim -- --seeds 2000`, `--from 5000`, `--seed 42` to see one again,
 * with `--log` to see what its nodes say.
 */
import { parseArgs } from 'node:util';
import { createLogger } from '#observe/log.ts';
import { type Outcome, simulate } from './simulate.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    log: { type: 'boolean', default: false },
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

const first = Number(values.seed ?? values.from);
const count = values.seed === undefined ? Number(values.seeds) : 1;
const began = performance.now();
const sum = { operations: 0, events: 0, virtualMs: 0, failed: 0 };
for (let seed = first; seed < first + count; seed++) {
  const outcome = await simulate(seed, values.log ? { log: logOf } : {});
  sum.operations += outcome.operations;
  sum.events += outcome.events;
  sum.virtualMs += outcome.virtualMs;
  if (outcome.failures.length > 0) sum.failed += 1;
  if (outcome.failures.length > 0 || count === 1) show(outcome);
}
const seconds = (performance.now() - began) / 1000;
print(
  `${count} seeds from ${first}, ${sum.failed} failed, ${sum.operations} operations, ` +
    `${sum.events} events, ${(sum.virtualMs / 3_600_000).toFixed(1)} virtual hours ` +
    `in ${seconds.toFixed(1)} s, ${((seconds * 1000) / count).toFixed(0)} ms a seed`,
);
process.exitCode = sum.failed > 0 ? 1 : 0;

/** What each part of the experiment came to, in a line. */
import type { DataFile } from '../../experiment/data-file.ts';
import { figure, grouped, sum } from './table.ts';

interface Spread {
  readonly count: number;
  readonly failed: number;
}

interface Killed {
  readonly files: number;
  readonly whole: number;
  readonly calls: readonly { readonly tried: number; readonly right: number }[];
}

function availability(data: {
  readonly kills: number;
  readonly operations: readonly { readonly all: Spread }[];
  readonly audit: { readonly acknowledged: number; readonly lost: number };
}): string {
  const requests = sum(data.operations.map(({ all }) => all.count));
  const failed = sum(data.operations.map(({ all }) => all.failed));
  const { acknowledged, lost } = data.audit;
  return (
    `${data.kills} kills: ${grouped(failed)} of ${grouped(requests)} requests failed, each tried once` +
    ` · ${grouped(lost)} of ${grouped(acknowledged)} acknowledged files lost`
  );
}

function endpoints(data: {
  readonly possible: number;
  readonly singles: readonly Killed[];
  readonly pairs: readonly Killed[];
}): string {
  const all = [...data.singles, ...data.pairs];
  const calls = all.flatMap((one) => one.calls);
  const right = grouped(sum(calls.map((call) => call.right)));
  const tried = grouped(sum(calls.map((call) => call.tried)));
  const whole = grouped(sum(all.map((one) => one.whole)));
  const files = grouped(sum(all.map((one) => one.files)));
  return (
    `${data.singles.length} single deaths, ${data.pairs.length} of ${data.possible} pairs: ` +
    `${right} of ${tried} calls right · ${whole} of ${files} files whole`
  );
}

function losses(data: {
  readonly files: number;
  readonly atOnce: readonly { readonly unreadable: number; readonly lies: number }[];
}): string {
  const cases = data.atOnce.length * data.files;
  return (
    `${grouped(cases)} cases: ${sum(data.atOnce.map((one) => one.unreadable))} that should have ` +
    'been readable were not' +
    ` · ${sum(data.atOnce.map((one) => one.lies))} false 404 or wrong bytes`
  );
}

function shares(data: {
  readonly nodes: readonly string[];
  readonly etcd: readonly string[];
  readonly files: readonly { readonly bytesByNode: Readonly<Record<string, number>> }[];
  readonly plain: Readonly<Record<string, number>>;
}): string {
  const most = Math.max(...data.files.map(({ bytesByNode }) => Object.keys(bytesByNode).length));
  const inEtcd = sum(data.etcd.map((name) => data.plain[name] ?? 0));
  return (
    `${data.files.length} files, each on at most ${most} of ${data.nodes.length} nodes` +
    ` · etcd holds bytes of ${inEtcd}`
  );
}

function recovery(data: {
  readonly runs: readonly { readonly lostMib: number; readonly seconds: number }[];
}): string {
  return data.runs
    .map(({ lostMib, seconds }) => `${figure(lostMib)} MiB in ${figure(seconds)} s`)
    .join(' · ');
}

function stalls(data: {
  readonly runs: readonly {
    readonly target: string;
    readonly figures: readonly { readonly longestMs: number; readonly wrong: number }[];
  }[];
}): string {
  const harmed = data.runs.filter(({ target }) => target !== 'nothing');
  const figures = harmed.flatMap((run) => run.figures);
  const longest = Math.max(...figures.map(({ longestMs }) => longestMs));
  return (
    `${figures.length} kills of ${harmed.length} kinds: longest wait ${grouped(longest)} ms` +
    ` · ${sum(figures.map(({ wrong }) => wrong))} wrong answers`
  );
}

function throughput(data: {
  readonly runs: readonly {
    readonly target: string;
    readonly before: number;
    readonly during: number;
    readonly after: number;
  }[];
}): string {
  return data.runs
    .map(({ target, ...rate }) => {
      const [before, during, after] = [rate.before, rate.during, rate.after].map(grouped);
      return `${target}: ${before} requests/s before, ${during} during, ${after} after`;
    })
    .join(' · ');
}

const lines: Readonly<Record<string, (data: never) => string>> = {
  availability,
  endpoints,
  losses,
  shares,
  recovery,
  stalls,
  throughput,
};

export function lineOf({ part, data }: DataFile): string {
  return lines[part]?.(data as never) ?? '–';
}

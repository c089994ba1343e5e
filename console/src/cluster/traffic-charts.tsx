/** What clients ask, how long it takes, what goes wrong: the last five minutes. */
import { type Sample, samples } from '../live/live.ts';
import { durationText, rateText, sizeText } from '../parts/format.ts';
import { Chart, type ChartProps, type Column } from './chart.tsx';

export function TrafficCharts() {
  const seen = withGaps(samples.value);
  return (
    <section class="charts" aria-label="Traffic in the last five minutes">
      <Chart {...requestsOf(seen)} />
      <Chart {...latenciesOf(seen)} />
      <Chart {...errorsOf(seen)} />
      <Chart {...bytesOf(seen)} />
    </section>
  );
}

type Side = Exclude<keyof Sample, 'at'>;
/** A sample, or a moment of which nothing is known. */
type Moment = Partial<Sample> & Pick<Sample, 'at'>;

/** Nobody answered, or nobody looked: no line is drawn across. */
const gapSeconds = 5;

function withGaps(seen: readonly Sample[]): readonly Moment[] {
  return seen.flatMap((sample, index): Moment[] => {
    const before = seen[index - 1];
    const isGap = before !== undefined && sample.at - before.at > gapSeconds;
    return isGap ? [{ at: before.at + 1 }, sample] : [sample];
  });
}

function columnsOf(seen: readonly Moment[], sides: readonly Side[]): ChartProps['columns'] {
  const column = (side: Side): Column => seen.map((sample) => sample[side] ?? null);
  return [seen.map(({ at }) => at), ...sides.map(column)];
}

const nowOf = (seen: readonly Moment[], side: Side, text: (value: number) => string): string => {
  const value = seen.at(-1)?.[side];
  return value === undefined ? '–' : text(value);
};

const requestsOf = (seen: readonly Moment[]): ChartProps => ({
  title: 'Requests',
  unit: 'per second',
  columns: columnsOf(seen, ['perSecond']),
  lines: [
    {
      ...{ label: 'all', colour: 'series-1', isFilled: true },
      now: nowOf(seen, 'perSecond', rateText),
    },
  ],
  valueText: rateText,
});

const latenciesOf = (seen: readonly Moment[]): ChartProps => ({
  title: 'Latency',
  unit: 'last 10 s',
  columns: columnsOf(seen, ['p50Ms', 'p95Ms', 'p99Ms']),
  lines: [
    { label: 'p50', colour: 'series-1', now: nowOf(seen, 'p50Ms', durationText) },
    { label: 'p95', colour: 'series-2', dash: [6, 3], now: nowOf(seen, 'p95Ms', durationText) },
    { label: 'p99', colour: 'series-3', dash: [2, 2], now: nowOf(seen, 'p99Ms', durationText) },
  ],
  valueText: durationText,
});

const errorsOf = (seen: readonly Moment[]): ChartProps => ({
  title: 'Errors',
  unit: 'per second',
  columns: columnsOf(seen, ['failedPerSecond', 'refusedPerSecond']),
  lines: [
    {
      ...{ label: 'server (5xx)', colour: 'bad', isFilled: true },
      now: nowOf(seen, 'failedPerSecond', rateText),
    },
    {
      ...{ label: 'client (4xx)', colour: 'muted', dash: [6, 3] },
      now: nowOf(seen, 'refusedPerSecond', rateText),
    },
  ],
  valueText: rateText,
});

const byteSteps = [0, 1, 2, 3].flatMap((power) =>
  [1, 2, 5, 10, 20, 50, 100, 200, 500].map((amount) => amount * 1024 ** power),
);

const bytesOf = (seen: readonly Moment[]): ChartProps => ({
  title: 'Content',
  unit: 'per second',
  columns: columnsOf(seen, ['receivedPerSecond', 'sentPerSecond']),
  lines: [
    { label: 'in', colour: 'series-1', now: nowOf(seen, 'receivedPerSecond', sizeText) },
    { label: 'out', colour: 'series-2', dash: [6, 3], now: nowOf(seen, 'sentPerSecond', sizeText) },
  ],
  valueText: sizeText,
  steps: byteSteps,
});

/** One frame of the live picture. */
import type { Counts, EventKind, Moment, Picture, Safety, ShownProcess } from '../picture.ts';
import { boxed, innerWidth } from './box.ts';
import { bar, type Column, columnChart, type Portion } from './charts.ts';
import { clock, count, counted, percent, size, time } from './figures.ts';
import { apart, fitted, type Line, span, type Tone, widthOf, wrapped } from './spans.ts';

export interface FrameSize {
  readonly columns: number;
  readonly rows: number;
}

/** Smaller than this nothing can be told. */
export const frameSizeMin: FrameSize = { columns: 40, rows: 20 };

const columnsMax = 100;
/** Less room than this wants shorter words. */
const narrow = 60;
const labelWidth = 10;
const figureWidth = 11;
const rateRows = 2;
const headroom = 1.25;
/** Charts don't make mountains of what is this little. */
const p99MostMinMs = 250;
const slowMs = 1000;

export const symbols: Readonly<Record<EventKind, readonly [symbol: string, tone: Tone]>> = {
  kill: ['✗', 'bad'],
  stop: ['‖', 'warn'],
  return: ['▲', 'good'],
  safe: ['✔', 'good'],
  broken: ['!', 'bad'],
  note: ['·', 'quiet'],
};

/** As many lines as the terminal has rows at most; each as wide as the frame. */
export function frame(picture: Picture, { columns, rows }: FrameSize): Line[] {
  const width = Math.min(columns, columnsMax);
  const inner = innerWidth(width);
  const { url, phase, elapsedMs } = picture;
  const title: Line = [span('DFTFS', 'strong'), span(' survives', 'quiet')];
  const corner: Line = [span(clock(elapsedMs), 'strong'), span(` ${phase}`)];
  const asked = inner < narrow ? 'requests' : 'put, get, exists, copy';
  const parts = [
    {
      title,
      lines: [
        ...processes('nodes', picture.nodes, inner),
        ...processes('etcd', picture.etcd, inner),
      ],
    },
    { title: [span(`${asked} at `), span(url, 'strong')], lines: requests(picture, inner) },
    { title: [span('files')], lines: files(picture, inner) },
  ];
  const used = parts.reduce((sum, { lines }) => sum + lines.length + 1, 0) + 2;
  const events = lastEvents(picture, Math.max(0, Math.min(8, rows - 1 - used)));
  const all = [...parts, { title: [span('what happened')], lines: events }];
  return boxed(all, corner, width).slice(0, Math.max(0, rows - 1));
}

const label = (text: string): Line => fitted([span(text, 'quiet')], labelWidth);

function processes(kind: string, some: readonly ShownProcess[], width: number): Line[] {
  const isNarrow = width < narrow;
  const alive = some.filter(({ state }) => state === 'running').length;
  const text = isNarrow ? `${alive}/${some.length}` : `${alive} of ${some.length} alive`;
  const said: Line = [span(text, alive === some.length ? 'good' : 'warn')];
  const room = width - labelWidth;
  const cells = some.map((one) => processCell(one, isNarrow ? '' : ' '));
  const [first = [], ...more] = wrapped(cells, isNarrow ? 1 : 2, room - widthOf(said) - 2);
  return [
    [...label(kind), ...apart(first, said, room)],
    ...more.map((line): Line => [...label(''), ...line]),
  ];
}

function processCell({ name, state, isLeader }: ShownProcess, gap: string): Line {
  const number = gap + name.slice(name.lastIndexOf('-') + 1);
  if (state === 'dead') return [span(`✗${number}`, 'bad')];
  if (state === 'stopped') return [span(`‖${number}`, 'warn')];
  return [span(isLeader ? '★' : '●', 'good'), span(number)];
}

function requests({ moments, now, counts }: Picture, width: number): Line[] {
  const room = width - labelWidth - figureWidth;
  const most = (value: (moment: Moment) => number, least: number) =>
    Math.max(least, ...moments.slice(-room).map(value));
  const rates = columnChart(moments.map(rateColumn), {
    width: room,
    height: rateRows,
    most: most(({ perSecond }) => perSecond, 1) * headroom,
  });
  const [waits = []] = columnChart(moments.map(waitColumn), {
    width: room,
    height: 1,
    most: most(({ p99Ms }) => p99Ms, p99MostMinMs),
  });
  const shown = moments.slice(Math.max(0, moments.length - room));
  const marks: Line = [
    span(' '.repeat(room - shown.length)),
    ...shown.map(({ mark }) => (mark === undefined ? span(' ') : span(...symbols[mark]))),
  ];
  const row = (name: string, chart: Line, figure: string): Line => [
    ...label(name),
    ...chart,
    span(figure.padStart(figureWidth), 'strong'),
  ];
  return [
    ...rates.map((chart, nth) =>
      row(nth === 0 ? 'requests' : 'a second', chart, nth === 0 ? '' : count(now.perSecond)),
    ),
    row('wait p99', waits, time(now.p99Ms)),
    row('', marks, `p50 ${time(now.p50Ms)}`),
    ...wrapped(outcomes(counts), 3, width),
  ];
}

const rateColumn = ({ perSecond, failed, cut }: Moment): Column => ({
  value: perSecond,
  tone: failed > 0 ? 'bad' : cut > 0 ? 'warn' : 'good',
});

const waitColumn = ({ p99Ms }: Moment): Column => ({
  value: p99Ms,
  tone: p99Ms > slowMs ? 'warn' : 'quiet',
});

function outcomes({ right, failed, wrong, cut }: Counts): Line[] {
  const part = (value: number, what: string, tone: Tone): Line => [
    span(count(value), value > 0 ? tone : 'good'),
    span(` ${what}`),
  ];
  return [
    part(right, 'right', 'strong'),
    part(failed, 'failed', 'bad'),
    part(wrong, 'wrong', 'bad'),
    part(cut, 'cut, asked again', 'warn'),
  ];
}

function files({ files: { acknowledged, bytes }, safety }: Picture, width: number): Line[] {
  const stored: Line = [
    ...label('stored'),
    span(count(acknowledged), 'strong'),
    span(` ${acknowledged === 1 ? 'file' : 'files'} acknowledged, ${size(bytes)}`),
  ];
  const unknown: Line = [span('not known yet', 'quiet')];
  return [
    stored,
    [...label('margin'), ...(safety ? margin(safety, width - labelWidth) : unknown)],
    [...label('repair'), ...(safety ? repair(safety, width - labelWidth) : unknown)],
  ];
}

/** None where the words need all the room. */
const barOf = (portions: readonly Portion[], room: number): Line =>
  room < narrow - labelWidth
    ? []
    : [...bar(portions, Math.min(30, Math.floor(room / 3))), span('  ')];

/** Green volumes are as safe as promised, yellow ones survive less, red ones nothing more. */
function margin({ wanted, volumes }: Safety, room: number): Line {
  const all = [...volumes.values()].reduce((sum, some) => sum + some, 0);
  const byMargin = [...volumes].filter(([, some]) => some > 0).sort(([a], [b]) => b - a);
  const tone = (losses: number): Tone => (losses >= wanted ? 'good' : losses > 0 ? 'warn' : 'bad');
  const portions = byMargin.map(([losses, some]) => ({ share: some / all, tone: tone(losses) }));
  const texts = byMargin.flatMap(([losses, some], nth): Line => {
    const what = nth === 0 ? counted(some, 'volume') : `, ${count(some)}`;
    return [span(`${what} can lose `), span(String(Math.max(0, losses)), tone(losses))];
  });
  if (all === 0) return [span('no volumes yet', 'quiet')];
  return [...barOf(portions, room), ...texts];
}

function repair({ wanted, volumes, repair: filling }: Safety, room: number): Line {
  if (filling === undefined) {
    const isSafe = [...volumes].every(([losses, some]) => some === 0 || losses >= wanted);
    return isSafe
      ? [span('nothing to do', 'quiet')]
      : [span('waits a while, in case the dead come back', 'warn')];
  }
  const { share, bytesLeft, bytesPerSecond } = filling;
  const pace = bytesPerSecond > 0 ? ` at ${size(bytesPerSecond)}/s` : '';
  return [
    ...barOf([{ share, tone: 'good' }], room),
    span(percent(share), 'strong'),
    span(`, ${size(bytesLeft)} to go${pace}`),
  ];
}

const lastEvents = ({ events }: Picture, most: number): Line[] =>
  Array.from({ length: most }, (_, row) => {
    const event = events.slice(-most)[row];
    if (event === undefined) return [];
    const [symbol, tone] = symbols[event.kind];
    return [
      span(clock(event.atMs).padStart(5), 'quiet'),
      span(`  ${symbol} `, tone),
      span(event.text, event.kind === 'broken' ? 'bad' : 'plain'),
    ];
  });

/** Lines over time. Each line differs by its dashes too; what the picture says is said in words. */
import { useEffect, useRef } from 'preact/hooks';
import UPlot from 'uplot';
import { timeText } from '../parts/format.ts';
import { shade } from '../parts/theme.ts';

export interface Line {
  readonly label: string;
  /** A colour's name in the style sheet. */
  readonly colour: string;
  readonly dash?: readonly number[];
  readonly isFilled?: boolean;
  readonly now: string;
}

export type Column = readonly (number | null)[];

export interface ChartProps {
  readonly title: string;
  readonly unit: string;
  readonly lines: readonly Line[];
  /** Seconds, then each line's values. */
  readonly columns: readonly [readonly number[], ...Column[]];
  readonly valueText: (value: number) => string;
  /** Between the lines of the grid; left out: 1, 2 or 5 and their tenfolds. */
  readonly steps?: readonly number[];
}

const heightPixels = 150;
const windowSecondsMax = 300;
/** A page that was opened just now shows what it has, not an empty past. */
const windowSecondsMin = 60;

export function Chart(props: ChartProps) {
  const { title, unit, lines, columns } = props;
  const frame = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot>(null);
  const theme = shade.value;
  // Made anew for another theme alone: what comes goes into the one that is there.
  useEffect(() => {
    const element = frame.current as HTMLDivElement;
    const made = new UPlot(optionsOf(props, element), columns as UPlot.AlignedData, element);
    plot.current = made;
    const observer = new ResizeObserver(() => {
      made.setSize({ width: element.clientWidth, height: heightPixels });
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
    };
  }, [theme]);
  useEffect(() => {
    plot.current?.setData(columns as UPlot.AlignedData, false);
    plot.current?.setScale('x', windowOf(columns[0]));
    plot.current?.setScale('y', { min: 0, max: topOf(columns) });
  }, [columns]);
  const said = lines.map(({ label, now }) => `${label} ${now}`).join(', ');
  return (
    <figure class="chart">
      <figcaption>
        <h3>
          {title} <small>{unit}</small>
        </h3>
        <ul class="legend">
          {lines.map((line) => (
            <LegendEntry key={line.label} line={line} />
          ))}
        </ul>
      </figcaption>
      <div ref={frame} class="plot" role="img" aria-label={`${title}: now ${said}`} />
    </figure>
  );
}

const LegendEntry = ({ line: { label, colour, dash, now } }: { readonly line: Line }) => (
  <li>
    <svg class="key" viewBox="0 0 20 4" aria-hidden="true">
      <line
        x1="0"
        y1="2"
        x2="20"
        y2="2"
        style={{ stroke: `var(--${colour})` }}
        {...(dash === undefined ? {} : { 'stroke-dasharray': dash.join(' ') })}
      />
    </svg>
    {label} <b>{now}</b>
  </li>
);

function windowOf(seconds: readonly number[]): { min: number; max: number } {
  const max = seconds.at(-1) ?? Date.now() / 1000;
  const shown = Math.min(windowSecondsMax, max - (seconds[0] ?? max));
  return { min: max - Math.max(windowSecondsMin, shown), max };
}

const topOf = ([, ...values]: ChartProps['columns']): number => {
  const highest = Math.max(1, ...values.flat().map((value) => value ?? 0));
  return highest * 1.15;
};

function optionsOf({ lines, valueText, steps }: ChartProps, element: HTMLElement): UPlot.Options {
  const styles = getComputedStyle(document.documentElement);
  const colour = (name: string) => styles.getPropertyValue(`--${name}`).trim();
  const font = `11px ${styles.getPropertyValue('--font')}`;
  const grid = { stroke: colour('line'), width: 1 };
  const axis = { stroke: colour('muted'), font, grid, ticks: { ...grid, size: 4 } };
  return {
    width: element.clientWidth,
    height: heightPixels,
    padding: [8, 12, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, sync: { key: 'traffic' } },
    scales: { x: { time: true, auto: false }, y: { auto: false } },
    axes: [
      { ...axis, space: 64, size: 28, incrs: [10, 15, 30, 60, 120], values: clockTexts },
      {
        ...{ ...axis, space: 30, size: 58, values: (_, at) => at.map(valueText) },
        ...(steps === undefined ? {} : { incrs: [...steps] }),
      },
    ],
    series: [
      {},
      ...lines.map(({ label, colour: name, dash, isFilled }) => ({
        ...{ label, stroke: colour(name), width: 1.5, points: { show: false } },
        ...(dash === undefined ? {} : { dash: [...dash] }),
        ...(isFilled ? { fill: `${colour(name)}22` } : {}),
      })),
    ],
  };
}

/** A label that would be cut off at the right is left out. */
function clockTexts({ scales }: UPlot, at: readonly number[]): (string | null)[] {
  const { min = 0, max = 0 } = scales.x ?? {};
  const last = (max ?? 0) - ((max ?? 0) - (min ?? 0)) * 0.06;
  return at.map((seconds) => (seconds > last ? null : timeText(new Date(seconds * 1000))));
}

/** Lines over time. Each line differs by its dashes too; what the picture says is said in words. */
import { useEffect, useRef } from 'preact/hooks';
import UPlot from 'uplot';
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
}

const heightPixels = 150;
const windowSeconds = 300;

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
    const end = columns[0].at(-1) ?? Date.now() / 1000;
    plot.current?.setScale('x', { min: end - windowSeconds, max: end });
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

const topOf = ([, ...values]: ChartProps['columns']): number => {
  const highest = Math.max(1, ...values.flat().map((value) => value ?? 0));
  return highest * 1.15;
};

function optionsOf({ lines, valueText }: ChartProps, element: HTMLElement): UPlot.Options {
  const styles = getComputedStyle(document.documentElement);
  const colour = (name: string) => styles.getPropertyValue(`--${name}`).trim();
  const font = `11px ${styles.getPropertyValue('--font')}`;
  const grid = { stroke: colour('line'), width: 1 };
  const axis = { stroke: colour('muted'), font, grid, ticks: { ...grid, size: 4 } };
  return {
    width: element.clientWidth,
    height: heightPixels,
    padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, sync: { key: 'traffic' } },
    scales: { x: { time: true, auto: false }, y: { auto: false } },
    axes: [
      { ...axis, space: 70, size: 28, values: (_, at) => at.map(clockText) },
      { ...axis, space: 30, size: 58, values: (_, at) => at.map(valueText) },
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

const clockText = (seconds: number): string =>
  new Date(seconds * 1000).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });

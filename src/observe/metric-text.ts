/** The text format of Prometheus, 0.0.4. */

/** A number, or a histogram. */
export type MetricValue =
  | { readonly value: number }
  | {
      readonly bounds: readonly number[];
      /** Not cumulative. */
      readonly counts: readonly number[];
      readonly sum: number;
    };

export interface MetricSeries {
  readonly values: readonly string[];
  readonly of: MetricValue;
}

export interface RenderableFamily {
  readonly name: string;
  readonly kind: string;
  readonly help: string;
  readonly labels: readonly string[];
  series(): Iterable<MetricSeries>;
}

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '"': '\\"' };
const escaped = (text: string, special: RegExp): string =>
  text.replaceAll(special, (found) => escapes[found] as string);

export function renderFamily(family: RenderableFamily): string {
  const { name, kind, help } = family;
  const lines = [`# HELP ${name} ${escaped(help, /[\\\n]/g)}`, `# TYPE ${name} ${kind}`];
  for (const { values, of } of family.series()) {
    const labels = values.map((value, i) => `${family.labels[i]}="${escaped(value, /[\\\n"]/g)}"`);
    if ('value' in of) lines.push(`${name}${braced(labels)} ${number(of.value)}`);
    else renderHistogram(lines, name, labels, of);
  }
  return `${lines.join('\n')}\n`;
}

function renderHistogram(
  lines: string[],
  name: string,
  labels: readonly string[],
  { bounds, counts, sum }: Extract<MetricValue, { sum: number }>,
): void {
  let below = 0;
  counts.forEach((count, i) => {
    below += count;
    const bound = bounds[i];
    const le = `le="${bound === undefined ? '+Inf' : number(bound)}"`;
    lines.push(`${name}_bucket${braced([...labels, le])} ${below}`);
  });
  lines.push(
    `${name}_sum${braced(labels)} ${number(sum)}`,
    `${name}_count${braced(labels)} ${below}`,
  );
}

const braced = (labels: readonly string[]): string =>
  labels.length === 0 ? '' : `{${labels.join(',')}}`;

function number(value: number): string {
  if (Number.isFinite(value) || Number.isNaN(value)) return String(value);
  return value > 0 ? '+Inf' : '-Inf';
}

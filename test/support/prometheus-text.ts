/** Reads the text format of Prometheus as strictly as its rules are, and says what breaks them. */
import assert from 'node:assert/strict';

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface ParsedFamily {
  readonly name: string;
  readonly kind: string;
  readonly help: string;
  readonly samples: Sample[];
}

const nameForm = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const labelForm = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\["\\\\n])*"';
const helpLine = new RegExp(`^# HELP (${nameForm}) (.+)$`);
const typeLine = new RegExp(`^# TYPE (${nameForm}) (counter|gauge|histogram)$`);
const sampleLine = new RegExp(
  `^(${nameForm})(?:\\{(${labelForm}(?:,${labelForm})*)\\})? (NaN|[+-]Inf|-?[0-9][0-9.eE+-]*)$`,
);

export function parsePrometheus(text: string): Map<string, ParsedFamily> {
  assert.ok(text.endsWith('\n'), 'ends with a line feed');
  const families = new Map<string, ParsedFamily>();
  let help: readonly string[] = [];
  let family: ParsedFamily | undefined;
  for (const line of text.slice(0, -1).split('\n')) {
    const [, helped, said = ''] = helpLine.exec(line) ?? [];
    const [, typed, kind = ''] = typeLine.exec(line) ?? [];
    if (helped !== undefined) help = [helped, said];
    else if (typed !== undefined) {
      assert.equal(help[0], typed, `HELP comes before TYPE: ${line}`);
      assert.ok(!families.has(typed), `twice: ${line}`);
      family = { name: typed, kind, help: help[1] as string, samples: [] };
      families.set(typed, family);
    } else {
      assert.ok(family, line);
      family.samples.push(sampleOf(line));
    }
  }
  for (const one of families.values()) checkFamily(one);
  return families;
}

function sampleOf(line: string): Sample {
  const [, name, labels = '', value] = sampleLine.exec(line) ?? [];
  assert.ok(name !== undefined && value !== undefined, `no sample: ${line}`);
  const pairs = [...labels.matchAll(new RegExp(labelForm, 'g'))].map(([pair]) => {
    const at = pair.indexOf('=');
    return [pair.slice(0, at), JSON.parse(pair.slice(at + 1))] as const;
  });
  assert.equal(new Set(pairs.map(([key]) => key)).size, pairs.length, `a label twice: ${line}`);
  const number = Number(value.replace('Inf', 'Infinity'));
  return { name, labels: Object.fromEntries(pairs), value: number };
}

function checkFamily({ name, kind, samples }: ParsedFamily): void {
  const series = samples.map((sample) => JSON.stringify([sample.name, sample.labels]));
  assert.equal(new Set(series).size, series.length, `${name}: a series twice`);
  if (kind === 'counter') assert.match(name, /_total$/);
  if (kind !== 'histogram') {
    for (const sample of samples) assert.equal(sample.name, name);
    return;
  }
  const groups = Map.groupBy(samples, ({ labels: { le: _, ...others } }) => JSON.stringify(others));
  for (const group of groups.values()) checkHistogram(name, group);
}

function checkHistogram(name: string, samples: readonly Sample[]): void {
  const buckets = samples.filter((sample) => sample.name === `${name}_bucket`);
  const counts = buckets.map(({ value }) => value);
  assert.deepEqual(
    counts,
    counts.toSorted((a, b) => a - b),
    `${name}: buckets are cumulative`,
  );
  const bounds = buckets.map(({ labels }) => Number(labels.le?.replace('Inf', 'Infinity')));
  assert.deepEqual(
    bounds,
    bounds.toSorted((a, b) => a - b),
    `${name}: bounds rise`,
  );
  assert.equal(bounds.at(-1), Number.POSITIVE_INFINITY, name);
  const [count] = samples.filter((sample) => sample.name === `${name}_count`);
  assert.equal(count?.value, counts.at(-1), `${name}: the count is that of the last bucket`);
  assert.equal(samples.filter((sample) => sample.name === `${name}_sum`).length, 1, name);
  assert.equal(samples.length, buckets.length + 2, name);
}

/**
 * What a process counts of itself. A counter or histogram is a plain object that is changed in
 * place, so that counting costs nanoseconds and nothing is computed until somebody asks. Names and
 * units are those of Prometheus: base units, `_total` for what only grows. One register a node;
 * each room declares its own families in it, and the page of documentation is made from them.
 */
import assert from 'node:assert/strict';
import { renderFamily } from './metric-text.ts';

export type MetricKind = 'counter' | 'gauge' | 'histogram';

export interface MetricFamily {
  readonly name: string;
  readonly kind: MetricKind;
  readonly help: string;
  readonly labels: readonly string[];
}

export class Counter {
  value = 0;

  add(amount = 1): void {
    this.value += amount;
  }
}

export class Gauge {
  value = 0;
}

export class Histogram {
  readonly bounds: readonly number[];
  /** Not cumulative; the last is for what is above all bounds. */
  readonly counts: number[];
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Array<number>(bounds.length + 1).fill(0);
  }

  observe(value: number): void {
    const { bounds, counts } = this;
    let index = 0;
    while (index < bounds.length && value > (bounds[index] as number)) index += 1;
    counts[index] = (counts[index] as number) + 1;
    this.sum += value;
  }
}

export type Instrument = Counter | Gauge | Histogram;

/** Seconds, from what memory answers to what has passed every deadline. */
export const durationBounds = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
] as const;
/** How many went together. */
export const sizeBounds = [1, 2, 4, 8, 16, 32, 64, 128, 256] as const;

/** Labels come from lists that are short; this keeps a slip from filling memory. */
const seriesMax = 2000;

/** Instruments of one name, told apart by their labels. Hot paths keep those that they need. */
export class Family<T extends Instrument> implements MetricFamily {
  readonly name: string;
  readonly kind: MetricKind;
  readonly help: string;
  readonly labels: readonly string[];
  readonly #make: () => T;
  readonly #series = new Map<string, { readonly values: readonly string[]; readonly of: T }>();
  #rest: T | undefined;

  constructor({ name, kind, help, labels }: MetricFamily, make: () => T) {
    this.name = name;
    this.kind = kind;
    this.help = help;
    this.labels = labels;
    this.#make = make;
    if (labels.length === 0) this.with();
  }

  with(...values: readonly string[]): T {
    const key = values.length === 1 ? (values[0] as string) : values.join('\0');
    const known = this.#series.get(key);
    if (known !== undefined) return known.of;
    assert.equal(values.length, this.labels.length, this.name);
    if (this.#series.size >= seriesMax) {
      this.#rest ??= this.#make();
      return this.#rest;
    }
    const of = this.#make();
    this.#series.set(key, { values, of });
    return of;
  }

  /** For what is found out anew at each scrape: what isn't said again is no longer shown. */
  clear(): void {
    this.#series.clear();
  }

  series(): Iterable<{ readonly values: readonly string[]; readonly of: T }> {
    return this.#series.values();
  }
}

const nameForm = /^(dftfs|process|nodejs)(_[a-z0-9]+)+$/;

export class MetricRegister {
  readonly #families: Family<Instrument>[] = [];
  readonly #sources: (() => void | Promise<void>)[] = [];
  #scrape: Promise<string> | undefined;

  counter(name: string, help: string, ...labels: readonly string[]): Family<Counter> {
    assert(name.endsWith('_total'), `${name}: what only grows ends with _total`);
    return this.#add(new Family({ name, kind: 'counter', help, labels }, () => new Counter()));
  }

  gauge(name: string, help: string, ...labels: readonly string[]): Family<Gauge> {
    assert(!name.endsWith('_total'), `${name}: _total is for what only grows`);
    return this.#add(new Family({ name, kind: 'gauge', help, labels }, () => new Gauge()));
  }

  histogram(
    name: string,
    help: string,
    bounds: readonly number[],
    ...labels: readonly string[]
  ): Family<Histogram> {
    const make = () => new Histogram(bounds);
    return this.#add(new Family({ name, kind: 'histogram', help, labels }, make));
  }

  /** `find` is called before each scrape, and sets gauges. It may wait, for a bounded time. */
  onScrape(find: () => void | Promise<void>): void {
    this.#sources.push(find);
  }

  get families(): readonly MetricFamily[] {
    return this.#families;
  }

  /** In the text format of Prometheus, 0.0.4. Scrapes at the same time share one. */
  text(): Promise<string> {
    this.#scrape ??= this.#render().finally(() => {
      this.#scrape = undefined;
    });
    return this.#scrape;
  }

  async #render(): Promise<string> {
    await Promise.all(this.#sources.map((find) => find()));
    return this.#families.map(renderFamily).join('');
  }

  #add<T extends Instrument>(family: Family<T>): Family<T> {
    assert.match(family.name, nameForm);
    assert(!this.#families.some(({ name }) => name === family.name), `${family.name}: twice`);
    this.#families.push(family as unknown as Family<Instrument>);
    return family;
  }
}

/** The options that were given with a verb. */
import { UsageError } from '../exit-codes.ts';

type Values = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;

export class Options {
  readonly #values: Values;

  constructor(values: Values) {
    this.#values = values;
  }

  flag(name: string): boolean {
    return this.#values[name] === true;
  }

  text(name: string): string | undefined {
    const value = this.#values[name];
    return typeof value === 'string' ? value : undefined;
  }

  texts(name: string): string[] {
    const value = this.#values[name];
    return Array.isArray(value) ? value.map(String) : [];
  }

  /** Throws UsageError. */
  count(name: string, preset: number, most: number, least = 1): number {
    const text = this.text(name);
    if (text === undefined) return preset;
    const value = /^\d{1,9}$/.test(text) ? Number(text) : -1;
    if (value >= least && value <= most) return value;
    throw new UsageError(`--${name} is a number from ${least} to ${most}, not ${text || 'empty'}.`);
  }
}

/** All chance of a simulated run: streams of numbers that a seed makes again. */

const mixed = (value: number): number => {
  let mix = Math.imul(value ^ (value >>> 16), 0x45d9f3b);
  mix = Math.imul(mix ^ (mix >>> 16), 0x45d9f3b);
  return (mix ^ (mix >>> 16)) >>> 0;
};

export class Dice {
  readonly #seed: number;
  #state: number;

  constructor(seed: number) {
    this.#seed = seed >>> 0;
    this.#state = mixed(this.#seed);
  }

  /** A stream of its own: how often one part draws changes nothing for another. */
  split(name: string): Dice {
    let seed = this.#seed;
    for (const character of name) seed = mixed(seed ^ (character.codePointAt(0) as number));
    return new Dice(seed);
  }

  /** From 0 to 1, which is never reached. */
  fraction(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mix = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mix ^= mix + Math.imul(mix ^ (mix >>> 7), mix | 61);
    return ((mix ^ (mix >>> 14)) >>> 0) / 2 ** 32;
  }

  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  between(least: number, most: number): number {
    return least + this.fraction() * (most - least);
  }

  /** A whole number from `least` to `most`. */
  whole(least: number, most: number): number {
    return least + Math.floor(this.fraction() * (most - least + 1));
  }

  /** Many near `least`, some far out: as delays are. */
  skewed(least: number, most: number): number {
    return least + this.fraction() ** 4 * (most - least);
  }

  oneOf<T>(items: readonly T[]): T {
    return items[this.whole(0, items.length - 1)] as T;
  }

  bytes(count: number): Buffer {
    const bytes = Buffer.allocUnsafe(count);
    for (let at = 0; at < count; at += 4) {
      const word = Math.floor(this.fraction() * 2 ** 32);
      for (let part = 0; part < 4 && at + part < count; part++) {
        bytes[at + part] = (word >>> (8 * part)) & 0xff;
      }
    }
    return bytes;
  }
}

import { compareKeys } from '../key-order.ts';

const blockMax = 512;

/** A set of keys in byte order, in blocks, so that adding one moves few. */
export class SortedKeys {
  readonly #blocks: string[][] = [[]];

  add(key: string): void {
    const index = this.#blockOf(key);
    const block = this.#blocks[index] as string[];
    const at = lowerBound(block, key);
    if (block[at] === key) return;
    block.splice(at, 0, key);
    if (block.length > blockMax) this.#blocks.splice(index + 1, 0, block.splice(blockMax / 2));
  }

  delete(key: string): void {
    const index = this.#blockOf(key);
    const block = this.#blocks[index] as string[];
    const at = lowerBound(block, key);
    if (block[at] !== key) return;
    block.splice(at, 1);
    if (block.length === 0 && this.#blocks.length > 1) this.#blocks.splice(index, 1);
  }

  /** Keys from `start` up to, not including, `end`. The set must not change meanwhile. */
  *between(start: string, end: string): Generator<string> {
    let index = this.#blockOf(start);
    let at = lowerBound(this.#blocks[index] as string[], start);
    for (; index < this.#blocks.length; index++, at = 0) {
      const block = this.#blocks[index] as string[];
      for (; at < block.length; at++) {
        const key = block[at] as string;
        if (compareKeys(key, end) >= 0) return;
        yield key;
      }
    }
  }

  /** The last block that begins at or before `key`. */
  #blockOf(key: string): number {
    let low = 0;
    let high = this.#blocks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (compareKeys(this.#blocks[middle]?.[0] as string, key) <= 0) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

function lowerBound(block: readonly string[], key: string): number {
  let low = 0;
  let high = block.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareKeys(block[middle] as string, key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

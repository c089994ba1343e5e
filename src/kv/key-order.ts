/**
 * Keys are ordered by the bytes of their UTF-8, JavaScript orders strings by UTF-16 units. They
 * differ where a surrogate (a character beyond U+FFFF) meets a unit from U+E000 on, which sorts
 * after it as a unit and before it as bytes.
 */
import type { KeySpan } from './kv.ts';

const rank = (unit: number): number => {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
};

/** Negative, zero or positive, as the bytes of `a` compare with those of `b`. */
export function compareKeys(a: string, b: string): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i += 1) {
    const unitA = a.charCodeAt(i);
    const unitB = b.charCodeAt(i);
    if (unitA !== unitB) return rank(unitA) - rank(unitB);
  }
  return a.length - b.length;
}

export function spanHas(span: KeySpan, key: string): boolean {
  if (span.end === undefined) return span.start === key;
  return compareKeys(span.start, key) <= 0 && compareKeys(key, span.end) < 0;
}

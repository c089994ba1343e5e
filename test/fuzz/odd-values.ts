/** Values that are nearly right: what handlers break of that took a head at its word. */
import type { SeededRandom } from '../support/seeded-random.ts';

const nested = (depth: number): unknown => {
  let value: unknown = 1;
  for (let level = 0; level < depth; level++) value = [value];
  return value;
};

const odd: readonly unknown[] = [
  ...[null, undefined, true, false, Number.NaN, -1, 0, 1.5, 2 ** 31, 2 ** 32, 2 ** 53, 1e308],
  ...[-(2n ** 63n), '', 'x', 'x'.repeat(5000), '__proto__', '\0', '\ud800', 'f//a', 'f//b'],
  ...[Buffer.alloc(0), Buffer.alloc(100, 1), [], {}, [[]], { __proto__: null }, new Date(0)],
  ...[nested(200), Array.from({ length: 5000 }, () => null)],
];

const change = (value: unknown, random: SeededRandom): unknown =>
  typeof value === 'number' && random.fraction() < 0.5
    ? value + random.between(-2, 2)
    : random.oneOf(odd);

/** A copy of `value` in which one place, however deep, isn't what it was. */
export function oddValue(value: unknown, random: SeededRandom): unknown {
  const isList = Array.isArray(value);
  const isDeep = typeof value === 'object' && value !== null && !Buffer.isBuffer(value);
  const keys = isDeep ? Object.keys(value) : [];
  if (keys.length === 0 || random.fraction() < 0.1) return change(value, random);
  const key = random.oneOf(keys);
  const inner = (value as Record<string, unknown>)[key];
  const share = random.fraction();
  if (isList) {
    const at = Number(key);
    if (share < 0.1) return value.toSpliced(at, 1);
    if (share < 0.2) return value.toSpliced(at, 0, inner);
    return value.with(at, oddValue(inner, random));
  }
  const { [key]: _, ...others } = value as Record<string, unknown>;
  return share < 0.1 ? others : { ...others, [key]: oddValue(inner, random) };
}

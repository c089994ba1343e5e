/** Bytes that are nearly right: what parsers break of. */
import type { SeededRandom } from '../support/seeded-random.ts';

type Mutation = (bytes: Buffer, random: SeededRandom, seeds: Seeds) => Buffer;

export interface Seeds {
  /** Right, or wrong in a way that somebody thought of. */
  readonly whole: readonly Buffer[];
  /** What has a meaning somewhere in them. */
  readonly tokens: readonly Buffer[];
}

const mutationsMax = 4;
const spanBytesMax = 64;
/** Not that of the protocol: what speaks another is refused unread. */
const number = /(?<!HTTP\/[\d.]*)\d+/g;
const word = /(?<!HTTP)[\w%.+-]+/g;
const numbers = ['0', '-1', '1', '65536', '2147483648', '4294967295', '9007199254740993', '1e9'];

/** `by` takes the place of the bytes from `start` to `end`. */
const replace = (bytes: Buffer, start: number, end: number, by: Buffer): Buffer =>
  Buffer.concat([bytes.subarray(0, start), by, bytes.subarray(end)]);

/** One of the matches is replaced. */
function replaceMatch(
  bytes: Buffer,
  random: SeededRandom,
  pattern: RegExp,
  by: () => Buffer,
): Buffer {
  const found = [...bytes.toString('latin1').matchAll(pattern)];
  if (found.length === 0) return bytes;
  const { index, 0: text } = random.oneOf(found);
  return replace(bytes, index, index + text.length, by());
}

const placeIn = (bytes: Buffer, random: SeededRandom): number => random.between(0, bytes.length);

function spanOf(bytes: Buffer, random: SeededRandom): [start: number, end: number] {
  const start = placeIn(bytes, random);
  return [start, Math.min(bytes.length, start + random.between(1, spanBytesMax))];
}

const mutations: readonly Mutation[] = [
  function flipBit(bytes, random) {
    if (bytes.length === 0) return bytes;
    const at = random.between(0, bytes.length - 1);
    const byte = (bytes[at] as number) ^ (1 << random.between(0, 7));
    return replace(bytes, at, at + 1, Buffer.from([byte]));
  },
  function putByte(bytes, random) {
    const at = placeIn(bytes, random);
    return replace(bytes, at, at + random.between(0, 1), Buffer.from([random.between(0, 255)]));
  },
  function putToken(bytes, random, { tokens }) {
    const [start, end] = random.fraction() < 0.5 ? spanOf(bytes, random) : [0, 0];
    const at = end === 0 ? placeIn(bytes, random) : start;
    return replace(bytes, at, end === 0 ? at : end, random.oneOf(tokens));
  },
  function drop(bytes, random) {
    const [start, end] = spanOf(bytes, random);
    return replace(bytes, start, end, Buffer.alloc(0));
  },
  function double(bytes, random) {
    const [start, end] = spanOf(bytes, random);
    return replace(bytes, start, start, bytes.subarray(start, end));
  },
  function changeNumber(bytes, random) {
    return replaceMatch(bytes, random, number, () => Buffer.from(random.oneOf(numbers)));
  },
  function changeWord(bytes, random, { whole, tokens }) {
    return replaceMatch(bytes, random, word, () => {
      if (random.fraction() < 0.5) return random.oneOf(tokens);
      const words = random.oneOf(whole).toString('latin1').match(word) ?? [''];
      return Buffer.from(random.oneOf(words), 'latin1');
    });
  },
  function swapLines(bytes, random) {
    const lines = bytes.toString('latin1').split('\r\n');
    const [a, b] = [random.between(0, lines.length - 1), random.between(0, lines.length - 1)];
    [lines[a], lines[b]] = [lines[b] as string, lines[a] as string];
    return Buffer.from(lines.join('\r\n'), 'latin1');
  },
  function splice(bytes, random, { whole }) {
    const other = random.oneOf(whole);
    const at = placeIn(bytes, random);
    return replace(bytes, at, bytes.length, other.subarray(placeIn(other, random)));
  },
  function append(bytes, random, { whole }) {
    return Buffer.concat([bytes, random.oneOf(whole)]);
  },
  function cut(bytes, random) {
    return bytes.subarray(0, placeIn(bytes, random));
  },
];

/** Changed in a handful of places at most. */
export function mutated(whole: Buffer, random: SeededRandom, seeds: Seeds): Buffer {
  let bytes = whole;
  const count = random.fraction() < 0.5 ? 1 : random.between(2, mutationsMax);
  for (let done = 0; done < count; done++) bytes = random.oneOf(mutations)(bytes, random, seeds);
  return bytes;
}

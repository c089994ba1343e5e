/** Text with a meaning for each part. Colour comes last, so that widths are those of the text. */

/** What a part means; how that looks is the terminal's matter. */
export type Tone = 'good' | 'warn' | 'bad' | 'strong' | 'quiet' | 'plain';

export interface Span {
  readonly text: string;
  readonly tone: Tone;
}

export type Line = readonly Span[];

export const span = (text: string, tone: Tone = 'plain'): Span => ({ text, tone });

/** Every character used here takes one column. */
export const widthOf = (line: Line): number => line.reduce((sum, { text }) => sum + text.length, 0);

/** Exactly so wide: filled with blanks, or cut and marked as cut. */
export function fitted(line: Line, width: number): Line {
  const missing = width - widthOf(line);
  if (missing >= 0) return missing === 0 ? line : [...line, span(' '.repeat(missing))];
  if (width <= 0) return [];
  const kept: Span[] = [];
  let room = width - 1;
  for (const { text, tone } of line) {
    if (room === 0) break;
    kept.push(span(text.slice(0, room), tone));
    room -= Math.min(room, text.length);
  }
  return [...kept, span('…', 'quiet')];
}

/** One at the left end, the other at the right; the left one gives way. */
export function apart(left: Line, right: Line, width: number): Line {
  const ending = fitted(right, Math.min(widthOf(right), width));
  return [...fitted(left, width - widthOf(ending)), ...ending];
}

/** As many parts a line as have room, `gap` blanks between them. */
export function wrapped(parts: readonly Line[], gap: number, width: number): Line[] {
  const lines: Span[][] = [];
  for (const part of parts) {
    const last = lines.at(-1);
    if (last !== undefined && widthOf(last) + gap + widthOf(part) <= width) {
      last.push(span(' '.repeat(gap)), ...part);
    } else lines.push([...part]);
  }
  return lines;
}

const codes: Readonly<Record<Tone, readonly [on: string, off: string]>> = {
  good: ['\x1b[32m', '\x1b[39m'],
  warn: ['\x1b[33m', '\x1b[39m'],
  bad: ['\x1b[1;31m', '\x1b[22;39m'],
  strong: ['\x1b[1m', '\x1b[22m'],
  quiet: ['\x1b[2m', '\x1b[22m'],
  plain: ['', ''],
};

export function painted(line: Line, isColoured: boolean): string {
  if (!isColoured) return line.map(({ text }) => text).join('');
  return line.map(({ text, tone }) => codes[tone][0] + text + codes[tone][1]).join('');
}

/** Values as heights and lengths, an eighth of a character fine. */
import { type Line, span, type Tone } from './spans.ts';

const heights = ' ▁▂▃▄▅▆▇█';

export interface Column {
  readonly value: number;
  readonly tone: Tone;
}

/** A column a value, the newest at the right end; what isn't nothing is seen. */
export function columnChart(
  columns: readonly Column[],
  {
    width,
    height,
    most,
  }: { readonly width: number; readonly height: number; readonly most: number },
): Line[] {
  const shown = columns.slice(Math.max(0, columns.length - width));
  const blank = span(' '.repeat(width - shown.length));
  return Array.from({ length: height }, (_, row) => {
    const below = (height - 1 - row) * 8;
    const cells = shown.map(({ value, tone }) => {
      const eighths = Math.ceil((Math.min(value, most) / most) * height * 8);
      return span(heights[Math.min(8, Math.max(0, eighths - below))] ?? ' ', tone);
    });
    return [blank, ...cells];
  });
}

export interface Portion {
  readonly share: number;
  readonly tone: Tone;
}

/** Shares of a whole, one after the other; a share that isn't nothing is seen. */
export function bar(portions: readonly Portion[], width: number): Line {
  const cells: { text: string; tone: Tone }[] = [];
  for (const { share, tone } of portions) {
    const room = width - cells.reduce((sum, { text }) => sum + text.length, 0);
    const wanted = share > 0 ? Math.max(1, Math.round(share * width)) : 0;
    cells.push({ text: '━'.repeat(Math.min(room, wanted)), tone });
  }
  const left = width - cells.reduce((sum, { text }) => sum + text.length, 0);
  return [...cells.map(({ text, tone }) => span(text, tone)), span('─'.repeat(left), 'quiet')];
}

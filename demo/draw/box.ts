/** A frame of lines, in parts with a title each. */
import { apart, fitted, type Line, span, widthOf } from './spans.ts';

export interface Part {
  readonly title: Line;
  readonly lines: readonly Line[];
}

/** Between the frame and what is in it, at both sides. */
const margin = 2;

export const innerWidth = (width: number): number => width - 2 * (margin + 1);

export function boxed(parts: readonly Part[], corner: Line, width: number): Line[] {
  const drawn: Line[] = parts.flatMap(({ title, lines }, nth) => [
    nth === 0 ? rule('╭', '╮', title, corner, width) : rule('├', '┤', title, [], width),
    ...lines.map((line) => row(line, width)),
  ]);
  return [...drawn, rule('╰', '╯', [], [], width)];
}

function row(line: Line, width: number): Line {
  const blank = ' '.repeat(margin);
  const side = span('│', 'quiet');
  return [side, span(blank), ...fitted(line, innerWidth(width)), span(blank), side];
}

function rule(left: string, right: string, title: Line, corner: Line, width: number): Line {
  const named = (line: Line): Line =>
    line.length === 0 ? [] : [span('─ ', 'quiet'), ...line, span(' ', 'quiet')];
  const ending = corner.length === 0 ? [] : [span(' ', 'quiet'), ...corner, span(' ─', 'quiet')];
  const room = width - 2;
  const beginning = named(title);
  const dashes = room - widthOf(beginning) - widthOf(ending);
  const inside =
    dashes >= 0
      ? [...beginning, span('─'.repeat(dashes), 'quiet'), ...ending]
      : apart(beginning, ending, room);
  return [span(left, 'quiet'), ...inside, span(right, 'quiet')];
}

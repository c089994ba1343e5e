/** Rows under one another, aligned. Pure. */
import { stripVTControlCharacters } from 'node:util';

export interface Column {
  readonly title: string;
  /** Numbers stand on the right. */
  readonly right?: boolean;
}

const widthOf = (cell: string): number => [...stripVTControlCharacters(cell)].length;

export function aligned(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  paintTitle: (text: string) => string = (text) => text,
): string {
  const titles = columns.map(({ title }) => title);
  const widths = columns.map((_, at) =>
    Math.max(...[titles, ...rows].map((row) => widthOf(row[at] ?? ''))),
  );
  const line = (row: readonly string[]): string =>
    columns
      .map(({ right }, at) => {
        const cell = row[at] ?? '';
        const space = ' '.repeat((widths[at] ?? 0) - widthOf(cell));
        return right ? space + cell : cell + space;
      })
      .join('  ')
      .trimEnd();
  return [paintTitle(line(titles)), ...rows.map(line)].join('\n');
}

/** `word   what it says`, for one thing's many sides. */
export function paired(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(0, ...rows.map(([word]) => word.length)) + 2;
  return rows.map(([word, says]) => `${word.padEnd(width)}${says}`.trimEnd()).join('\n');
}

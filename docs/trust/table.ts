/** Tables and numbers in Markdown. */

export const grouped = (count: number): string => Math.round(count).toLocaleString('en-US');

export const sum = (numbers: readonly number[]): number =>
  numbers.reduce((all, one) => all + one, 0);

/** Three digits that count. */
export const figure = (value: number): string =>
  value >= 100 ? grouped(value) : value >= 10 ? value.toFixed(1) : value.toFixed(2);

export const dayOf = (iso: string): string => iso.slice(0, 10);

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(escaped).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

const escaped = (cell: string): string => cell.replaceAll('|', '\\|').replaceAll('\n', ' ');

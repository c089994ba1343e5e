/** Figures as a table. */
export interface Row {
  readonly what: string;
  readonly figure: number;
  readonly unit: string;
  readonly p50Ms?: number;
  readonly p99Ms?: number;
  readonly errors?: number;
  readonly broken?: number;
  /** CPU time that one request cost. */
  readonly cpuMs?: { readonly nodes: number; readonly etcd: number; readonly load: number };
  /** The machine's own figure for the part that bounds this one, from the same run. */
  readonly limit?: number;
  readonly limitIs?: string;
}

const columns = [
  'what',
  'figure',
  'p50 ms',
  'p99 ms',
  'errors',
  'CPU ms a request',
  'of the machine',
] as const;

const round = (value: number) =>
  value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);

function cells(row: Row): string[] {
  const optional = (value: number | undefined) => (value === undefined ? '' : round(value));
  const share =
    row.limit === undefined || row.limit === 0
      ? ''
      : `${((100 * row.figure) / row.limit).toFixed(0)} % of ${row.limitIs}`;
  const errors = row.errors === undefined ? '' : String(row.errors);
  const broken = row.broken === undefined ? '' : ` (${row.broken} broken)`;
  const cpu = Object.entries(row.cpuMs ?? {}).map(([kind, ms]) => `${kind} ${ms.toFixed(2)}`);
  return [
    row.what,
    `${round(row.figure)} ${row.unit}`,
    optional(row.p50Ms),
    optional(row.p99Ms),
    errors + broken,
    cpu.join(', '),
    share,
  ];
}

export function table(rows: readonly Row[]): string {
  const lines = [[...columns], ...rows.map(cells)];
  const widths = columns.map((_, n) => Math.max(...lines.map((line) => line[n]?.length ?? 0)));
  const text = (line: readonly string[]) =>
    line
      .map((cell, n) => cell.padEnd(widths[n] ?? 0))
      .join('  ')
      .trimEnd();
  return `${lines.map(text).join('\n')}\n`;
}

/** What pages of reference must say, from the code. Their words are theirs. */
import { errorCodes } from '#base/errors.ts';
import { type Field, type Schema, variableOf } from '#config/fields.ts';
import { settings } from '#config/node-config.ts';
import { httpStatusOf } from '#gateways/rest/error-map.ts';
import { httpProblems } from '#gateways/rest/problem.ts';

/** The first cells of each row of a table. */
export type Rows = readonly (readonly string[])[];

/** Of the rows that begin with something in code's own letters, so many cells. */
export function rowsOf(page: string, cells: number): Rows {
  const rows = page.split('\n').filter((line) => line.startsWith('| `'));
  return rows.map((row) => row.split(' | ', cells).map((cell) => cell.replace(/^\| /, '')));
}

/** Setting, default, what it must be. */
export const settingRows = (section: keyof typeof settings): Rows =>
  Object.entries(settings[section] as Schema).map(([key, field]) => [
    `\`${key}\``,
    'fallback' in field ? `\`${JSON.stringify(field.fallback)}\`` : 'to be given',
    formOf(field),
  ]);

function formOf(field: Field<unknown>): string {
  try {
    field.parse({});
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('a field takes an object');
}

/** `id` stands in both sections, so that neither has one. */
export const variablesOf = (section: keyof typeof settings): string[] =>
  Object.keys(settings[section])
    .filter((key) => key !== 'id')
    .map(variableOf);

/** Code, status, whether it happened, whether the same may succeed later. */
export function errorRows(): Rows {
  const happened = { none: 'no', maybe: 'unknown', done: 'yes' } as const;
  const own = Object.entries(errorCodes).map(([code, { outcome, retry }]) => [
    ...[`\`${code}\``, String(httpStatusOf(code as keyof typeof errorCodes))],
    ...[happened[outcome], retry ? 'yes' : 'no'],
  ]);
  const ofHttp = Object.entries(httpProblems).map(([code, status]) => [
    ...[`\`${code}\``, String(status), 'no', status === 503 ? 'yes' : 'no'],
  ]);
  return [...own, ...ofHttp];
}

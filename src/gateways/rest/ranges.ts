/**
 * The Range header (RFC 9110 §14). One range is served; several, an unknown unit or a malformed
 * value mean the whole file, as the standard allows: nothing is ever sent twice.
 */
import { DftfsError } from '#base/errors.ts';
import type { ByteRange } from '#files/files.ts';

const form = /^bytes=\s*(\d*)-(\d*)\s*$/i;

/** Undefined: the whole file. Throws range_unsatisfiable. */
export function readRange(header: string | undefined, size: number): ByteRange | undefined {
  if (header === undefined) return undefined;
  const [, first, last] = form.exec(header) ?? [];
  if (first === undefined || last === undefined || first + last === '') return undefined;
  if (first === '') return suffix(Number(last), size);
  const start = Number(first);
  const end = last === '' ? size : Math.min(Number(last) + 1, size);
  if (last !== '' && Number(last) < start) return undefined;
  if (start >= size) throw unsatisfiable(size);
  return { start, end };
}

function suffix(length: number, size: number): ByteRange {
  if (length === 0 || size === 0) throw unsatisfiable(size);
  return { start: Math.max(0, size - length), end: size };
}

const unsatisfiable = (size: number): DftfsError =>
  new DftfsError(
    'range_unsatisfiable',
    `The file has ${size} bytes; none of them is in the range.`,
  );

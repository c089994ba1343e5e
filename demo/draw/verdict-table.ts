/** The verdict as a table: what was promised, whether it was kept, and by which figures. */
import type { Verdict, VerdictRow } from '../verdict.ts';
import { boxed, innerWidth } from './box.ts';
import { fitted, type Line, span, type Tone, wrapped } from './spans.ts';

const columnsMax = 100;
const columnsMin = 40;
const gap = 2;
/** Where there is less room for the details, they stand below. */
const detailsMin = 30;

export function verdictTable(verdict: Verdict, columns: number): Line[] {
  const { isKept, rows, conclusion, faults } = verdict;
  const width = Math.max(columnsMin, Math.min(columns, columnsMax));
  const inner = innerWidth(width);
  const nameWidth = Math.max(...rows.map(({ what }) => what.length)) + gap;
  const ending = words(conclusion, isKept ? 'good' : 'bad', inner);
  return boxed(
    [
      { title: [span('verdict')], lines: rows.flatMap((row) => drawn(row, nameWidth, inner)) },
      ...(faults.length === 0
        ? []
        : [
            {
              title: [span('what was wrong')],
              lines: faults.flatMap((text) => words(text, 'bad', inner)),
            },
          ]),
      { title: [], lines: ending },
    ],
    [],
    width,
  );
}

function drawn({ isKept, what, details }: VerdictRow, nameWidth: number, width: number): Line[] {
  const mark = isKept === undefined ? span('  ') : isKept ? span('✔ ', 'good') : span('✗ ', 'bad');
  const tone: Tone = isKept === false ? 'bad' : 'plain';
  const left: Line = [mark, span(what, isKept === undefined ? 'quiet' : 'strong')];
  const beside = width - nameWidth - 2;
  if (beside < detailsMin) {
    return [left, ...words(details, tone, width - 4).map((line): Line => [span('    '), ...line])];
  }
  return words(details, tone, beside).map((line, nth) => [
    ...fitted(nth === 0 ? left : [], nameWidth + 2),
    ...line,
  ]);
}

const words = (text: string, tone: Tone, width: number): Line[] =>
  wrapped(
    text.split(' ').map((word) => [span(word, tone)]),
    1,
    width,
  );

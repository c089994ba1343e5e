/** A violation for people to look at: as lines of text, and as a drawing. */
import { describeCall, describeResult, type Operation } from './history.ts';
import type { Violation } from './linearizability.ts';

const widthCharacters = 64;
const shownMax = 40;

interface Line {
  readonly operation: Operation;
  /** From 0 to 1. */
  readonly from: number;
  readonly to: number;
  /** Its place in the order found; 0: none. */
  readonly place: number;
  readonly isStuck: boolean;
}

/** The operations that matter most: those around the one that fits nowhere. */
function linesOf({ operations, order, stuck }: Violation): Line[] {
  const end = stuck.returnedAt;
  const near = operations.filter(({ calledAt }) => calledAt <= end).slice(-shownMax);
  const begin = Math.min(...near.map(({ calledAt }) => calledAt));
  const scale = (at: number) => Math.min(1, (at - begin) / Math.max(end - begin, 1e-9));
  return near.map((operation) => ({
    operation,
    from: scale(operation.calledAt),
    to: scale(operation.returnedAt),
    place: order.indexOf(operation) + 1,
    isStuck: operation === stuck,
  }));
}

const whatOf = ({ client, call, result }: Operation): string =>
  `${client}: ${describeCall(call)} = ${describeResult(result)}`;

export function textPicture(violation: Violation): string {
  const lines = linesOf(violation).map(({ operation, from, to, place, isStuck }) => {
    const start = Math.floor(from * (widthCharacters - 1));
    const length = Math.max(1, Math.ceil(to * (widthCharacters - 1)) - start);
    const end = operation.returnedAt === Number.POSITIVE_INFINITY ? '…' : '┤';
    const bar = `${' '.repeat(start)}├${'─'.repeat(length - 1)}${end}`;
    const mark = isStuck ? '✗' : place > 0 ? String(place) : ' ';
    const number = String(operation.id).padStart(5);
    return `${number} ${mark.padStart(3)} ${bar.padEnd(widthCharacters + 2)} ${whatOf(operation)}`;
  });
  const title =
    'No order of these operations gives these results. Numbered: the longest order that was found;' +
    ' ✗: what fits nowhere after it.';
  return [title, ...lines].join('\n');
}

const rowHeight = 22;
const textAt = 520;
const barWidth = 500;

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

export function svgPicture(violation: Violation): string {
  const lines = linesOf(violation);
  const rows = lines.map(({ operation, from, to, place, isStuck }, index) => {
    const y = (index + 1) * rowHeight;
    const x = 10 + from * barWidth;
    const width = Math.max(3, (to - from) * barWidth);
    const isOpen = operation.returnedAt === Number.POSITIVE_INFINITY;
    const color = isStuck ? '#c62828' : place > 0 ? '#2e7d32' : '#9e9e9e';
    const dash = isOpen ? ' stroke="#555" stroke-dasharray="4 3"' : '';
    const label = isStuck ? '✗' : place > 0 ? String(place) : '';
    return [
      `<rect x="${x}" y="${y}" width="${width}" height="14" rx="3" fill="${color}"${dash}/>`,
      `<text x="${x + 4}" y="${y + 11}" fill="#fff">${label}</text>`,
      `<text x="${textAt}" y="${y + 11}" fill="#222">${escaped(whatOf(operation))}</text>`,
    ].join('');
  });
  const height = (lines.length + 2) * rowHeight;
  const style = 'font-family="monospace" font-size="11"';
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="1200" height="${height}" ${style}>`,
    '<rect width="100%" height="100%" fill="#fff"/>',
    ...rows,
    '</svg>',
    '',
  ].join('\n');
}

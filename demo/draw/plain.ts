/** The same news for a pipe, a file or a person who wants lines: no colours, nothing redrawn. */
import type { Picture, ShownEvent, ShownProcess } from '../picture.ts';
import { clock, count, size, time } from './figures.ts';
import { symbols } from './frame.ts';

export const eventLine = ({ atMs, kind, text }: ShownEvent): string =>
  `${clock(atMs).padStart(6)}  ${symbols[kind][0]} ${text}`;

export function statusLine(picture: Picture): string {
  const { elapsedMs, nodes, etcd, counts, now, safety } = picture;
  const parts = [
    `${count(now.perSecond)} requests/s`,
    `p50 ${time(now.p50Ms)}`,
    `p99 ${time(now.p99Ms)}`,
    `${count(counts.failed)} failed`,
    `${count(counts.wrong)} wrong`,
    `${count(counts.cut)} cut`,
    `${alive([...nodes, ...etcd])} alive`,
  ];
  if (safety !== undefined) {
    const margins = [...safety.volumes.keys()];
    parts.push(`margin ${margins.length === 0 ? safety.wanted : Math.min(...margins)}`);
    if (safety.repair) parts.push(`${size(safety.repair.bytesLeft)} to repair`);
  }
  return `${clock(elapsedMs).padStart(6)}    ${parts.join(', ')}`;
}

const alive = (some: readonly ShownProcess[]): string =>
  `${some.filter(({ state }) => state === 'running').length}/${some.length}`;

/** One line that says how far a transfer is. Pure. */
import { durationText, printable, rateText, sizeText } from '../output/format.ts';

export interface ProgressView {
  /** What is on its way; of several one. */
  readonly name: string;
  readonly filesDone: number;
  /** Undefined: not all of them are known yet. */
  readonly files: number | undefined;
  readonly bytesDone: number;
  /** Undefined: not known yet. */
  readonly bytes: number | undefined;
  readonly bytesPerSecond: number;
}

const barWidthMax = 30;
const barWidthMin = 10;
const nameWidthMax = 30;

export function progressLine(view: ProgressView, columns: number): string {
  // In the last column a terminal may begin a new line by itself.
  const room = columns - 1;
  const { bytesDone, bytes } = view;
  const amount =
    bytes === undefined ? sizeText(bytesDone) : `${sizeText(bytesDone)}/${sizeText(bytes)}`;
  const facts = [...filesText(view), amount, rateText(view.bytesPerSecond), ...leftText(view)];
  const said = facts.join('  ');
  const name = shortened(printable(view.name), Math.min(nameWidthMax, room - said.length - 2));
  const left = room - said.length - (name === '' ? 0 : widthOf(name) + 2);
  const drawn = bytes === undefined ? '' : bar(share(bytesDone, bytes), left - 2);
  return shortened([name, drawn, said].filter(Boolean).join('  '), room);
}

const filesText = ({ files, filesDone }: ProgressView): string[] => {
  if (files === 1) return [];
  return [files === undefined ? `${filesDone} files` : `${filesDone}/${files} files`];
};

function leftText({ bytes, bytesDone, bytesPerSecond }: ProgressView): string[] {
  if (bytes === undefined) return [];
  if (bytesDone >= bytes) return ['100 %'];
  const percent = `${Math.floor(share(bytesDone, bytes) * 100)} %`;
  if (bytesPerSecond <= 0) return [percent];
  return [percent, `${durationText((bytes - bytesDone) / bytesPerSecond)} left`];
}

const share = (done: number, all: number): number => (all === 0 ? 1 : Math.min(1, done / all));

function bar(done: number, room: number): string {
  const width = Math.min(barWidthMax, room);
  if (width < barWidthMin) return '';
  const filled = Math.round(done * (width - 2));
  return `[${'='.repeat(filled)}${' '.repeat(width - 2 - filled)}]`;
}

/** Whatever isn't ASCII may take two columns: better too short than over the edge. */
const widthOf = (text: string): number =>
  [...text].reduce((sum, sign) => sum + (sign < '\x80' ? 1 : 2), 0);

function shortened(text: string, room: number): string {
  if (widthOf(text) <= room) return text;
  let short = '';
  for (const sign of text) {
    if (widthOf(short + sign) > room - 1) break;
    short += sign;
  }
  return room < 4 ? '' : `${short}~`;
}

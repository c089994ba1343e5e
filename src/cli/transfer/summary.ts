/** What a transfer came to, in a line for people. */
import { countText, durationText, rateText, sizeText } from '../output/format.ts';
import type { Output } from '../output/output.ts';
import type { Progress } from './progress.ts';

export function sayDone(output: Output, progress: Progress): void {
  const { filesDone, bytesDone, seconds } = progress;
  progress.end();
  if (filesDone === 0) return;
  const rate = seconds > 0 ? `  ${rateText(bytesDone / seconds)}` : '';
  const files = countText(filesDone, 'file');
  output.note(`${files}  ${sizeText(bytesDone)}  in ${durationText(seconds)}${rate}`);
}

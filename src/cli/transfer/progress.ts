/**
 * The progress of transfers: drawn again and again on a terminal, and nothing anywhere else, where
 * each file has its line when it is done.
 */
import type { Output } from '../output/output.ts';
import type { Terminal } from '../terminal.ts';
import { progressLine } from './progress-line.ts';
import { Rate } from './rate.ts';

const drawEveryMs = 100;
const rateEveryMs = 250;
const clearLine = '\r\x1b[K';

export interface Transfer {
  /** Bytes that went by; less than zero: they have to go again. */
  moved(bytes: number): void;
  /** Only what was done counts. */
  ended(isDone: boolean): void;
}

export class Progress {
  readonly isSeen: boolean;
  readonly #terminal: Terminal;
  readonly #rate = new Rate();
  readonly #beganAtMs = performance.now();
  readonly #names = new Set<string>();
  readonly #timer: NodeJS.Timeout | undefined;
  #isDrawn = false;
  #rateAtMs = Number.NEGATIVE_INFINITY;
  #filesDone = 0;
  #bytesDone = 0;
  #files: number | undefined;
  #bytes = 0;
  #isSizeKnown = true;

  constructor(terminal: Terminal, output: Output) {
    this.#terminal = terminal;
    this.isSeen = terminal.stderr.columns !== undefined && !output.quiet && !output.json;
    this.#timer = this.isSeen ? setInterval(() => this.#draw(), drawEveryMs) : undefined;
    output.beforeLine = () => this.#clear();
  }

  get bytesDone(): number {
    return this.#bytesDone;
  }

  get filesDone(): number {
    return this.#filesDone;
  }

  get seconds(): number {
    return (performance.now() - this.#beganAtMs) / 1000;
  }

  /** All that is to come, as far as it was counted. */
  expect(files: number, bytes: number): void {
    this.#files = files;
    this.#bytes += bytes;
  }

  /** `uncounted`: bytes that weren't among the expected; undefined: nobody knows how many. */
  begin(name: string, uncounted: number | undefined): Transfer {
    this.#names.add(name);
    if (uncounted === undefined) this.#isSizeKnown = false;
    this.#bytes += uncounted ?? 0;
    return {
      moved: (count) => {
        this.#bytesDone += count;
      },
      ended: (isDone) => {
        this.#names.delete(name);
        if (isDone) this.#filesDone += 1;
      },
    };
  }

  end(): void {
    clearInterval(this.#timer);
    this.#clear();
  }

  #draw(): void {
    const now = performance.now();
    if (now - this.#rateAtMs >= rateEveryMs) {
      this.#rate.see(now, this.#bytesDone);
      this.#rateAtMs = now;
    }
    const { stderr } = this.#terminal;
    const line = progressLine(
      {
        name: [...this.#names][0] ?? '',
        filesDone: this.#filesDone,
        files: this.#files,
        bytesDone: this.#bytesDone,
        bytes: this.#files !== undefined && this.#isSizeKnown ? this.#bytes : undefined,
        bytesPerSecond: this.#rate.bytesPerSecond,
      },
      stderr.columns ?? 80,
    );
    stderr.write(clearLine + line);
    this.#isDrawn = true;
  }

  #clear(): void {
    if (this.#isDrawn) this.#terminal.stderr.write(clearLine);
    this.#isDrawn = false;
  }
}

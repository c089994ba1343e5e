/** The live picture in a terminal, or lines where there is none. */

import { frame, frameSizeMin } from './draw/frame.ts';
import { eventLine, statusLine } from './draw/plain.ts';
import { type Line, painted } from './draw/spans.ts';
import type { Picture, ShownEvent } from './picture.ts';

export interface Screen {
  /** Goes on until `close`. */
  show(picture: () => Picture): void;
  hear(event: ShownEvent): void;
  /** What is said afterwards stays on the terminal. */
  close(): void;
  print(lines: readonly Line[]): void;
  readonly columns: number;
}

export interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
}

const frameMs = 250;
const statusMs = 5000;
const columnsDefault = 100;

export function openScreen(
  output: Output,
  environment: Readonly<Record<string, string | undefined>>,
  isPlain: boolean,
): Screen {
  const { columns = 0, rows = 0, isTTY = false } = output;
  const hasRoom = columns >= frameSizeMin.columns && rows >= frameSizeMin.rows;
  const isColoured = isTTY && !isPlain && !environment.NO_COLOR;
  const isLive = isTTY && !isPlain && environment.TERM !== 'dumb' && hasRoom;
  return isLive ? new LiveScreen(output, isColoured) : new LineScreen(output, isColoured);
}

class LineScreen implements Screen {
  readonly #output: Output;
  readonly #isColoured: boolean;
  #timer: NodeJS.Timeout | undefined;

  constructor(output: Output, isColoured: boolean) {
    this.#output = output;
    this.#isColoured = isColoured;
  }

  get columns(): number {
    return this.#output.columns ?? columnsDefault;
  }

  show(picture: () => Picture): void {
    this.#timer = setInterval(() => this.#output.write(`${statusLine(picture())}\n`), statusMs);
  }

  hear(event: ShownEvent): void {
    this.#output.write(`${eventLine(event)}\n`);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  print(lines: readonly Line[]): void {
    for (const line of lines) this.#output.write(`${painted(line, this.#isColoured)}\n`);
  }
}

/** On the terminal's other page, so that what stood there before comes back. */
const begin = '\x1b[?1049h\x1b[?25l';
const end = '\x1b[?25h\x1b[?1049l';
const home = '\x1b[H';
const clearLine = '\x1b[K';
const clearBelow = '\x1b[J';

class LiveScreen implements Screen {
  readonly #output: Output;
  readonly #isColoured: boolean;
  #timer: NodeJS.Timeout | undefined;
  #picture: (() => Picture) | undefined;

  constructor(output: Output, isColoured: boolean) {
    this.#output = output;
    this.#isColoured = isColoured;
  }

  get columns(): number {
    return this.#output.columns ?? columnsDefault;
  }

  show(picture: () => Picture): void {
    this.#picture = picture;
    this.#output.write(begin);
    this.#draw();
    this.#timer = setInterval(() => this.#draw(), frameMs);
  }

  hear(): void {}

  /** The last frame stays, above all that follows. */
  close(): void {
    if (this.#picture === undefined) return;
    clearInterval(this.#timer);
    this.#output.write(end);
    this.print(this.#frame(this.#picture()));
    this.#picture = undefined;
  }

  print(lines: readonly Line[]): void {
    for (const line of lines) this.#output.write(`${painted(line, this.#isColoured)}\n`);
  }

  #draw(): void {
    if (this.#picture === undefined) return;
    const lines = this.#frame(this.#picture());
    const text = lines.map((line) => painted(line, this.#isColoured) + clearLine).join('\n');
    this.#output.write(home + text + clearBelow);
  }

  #frame(picture: Picture): Line[] {
    return frame(picture, { columns: this.columns, rows: this.#output.rows ?? frameSizeMin.rows });
  }
}

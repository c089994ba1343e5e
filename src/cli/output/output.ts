/** What a command says: results on stdout, all else on stderr, both in JSON if wanted. */
import { styleText } from 'node:util';
import { StorageError } from '#client/index.ts';
import { exitCodes, exitKindOf, isSystemError } from '../exit-codes.ts';
import type { Terminal } from '../terminal.ts';
import { printable } from './format.ts';

export interface OutputOptions {
  readonly json: boolean;
  readonly quiet: boolean;
}

type Style = Parameters<typeof styleText>[0];

export class Output {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly #terminal: Terminal;
  #exitCode = 0;
  /** Whatever is drawn on the screen makes way for a line. */
  beforeLine: () => void = () => {};

  constructor(terminal: Terminal, { json, quiet }: OutputOptions) {
    this.#terminal = terminal;
    this.json = json;
    this.quiet = quiet;
  }

  /** Of all failures the highest. */
  get exitCode(): number {
    return this.#exitCode;
  }

  /** What was asked for. */
  result(value: unknown, text: string | (() => string)): void {
    this.print(this.json ? JSON.stringify(value) : typeof text === 'string' ? text : text());
  }

  /** What was done: for a program an object; for people a line, unless they want quiet. */
  done(value: unknown, text: string): void {
    if (this.json) this.print(JSON.stringify(value));
    else this.note(text);
  }

  /** One of many is done. On a terminal the progress tells of it. */
  fileDone(value: unknown, text: () => string): void {
    if (this.json) this.print(JSON.stringify(value));
    else if (this.#terminal.stderr.columns === undefined) this.note(text());
  }

  /** By the way, for people. */
  note(text: string): void {
    if (!this.quiet && !this.json) this.#tell(text);
  }

  warn(text: string): void {
    this.#tell(this.json ? JSON.stringify({ warning: text }) : `dftfs: ${text}`);
  }

  /** `what`: the file, the node; what there is to name. */
  fail(error: unknown, what?: string): void {
    const kind = exitKindOf(error);
    const { code: exit } = exitCodes[kind];
    this.answer(exit);
    const { code, path, requestId } = factsOf(error);
    const message = kind === 'bug' ? stackOf(error) : this.name(messageOf(error));
    if (this.json) {
      this.#tell(JSON.stringify({ error: { code, message, path: path ?? what, exit, requestId } }));
      return;
    }
    const about = what === undefined ? '' : `${this.name(what)}: `;
    this.#tell(`${this.paint('red', 'dftfs:', 'stderr')} ${about}${message}`);
  }

  /** The exit code is to be at least this. */
  answer(exit: number): void {
    this.#exitCode = Math.max(this.#exitCode, exit);
  }

  print(text: string): void {
    this.beforeLine();
    this.#terminal.stdout.write(`${text}\n`);
  }

  /** Raw bytes can harm a terminal, and only that. */
  name(text: string): string {
    const { stdout, stderr } = this.#terminal;
    const isSeen = stdout.columns !== undefined || stderr.columns !== undefined;
    return isSeen ? printable(text) : text;
  }

  paint(style: Style, text: string, channel: 'stdout' | 'stderr' = 'stdout'): string {
    return this.#isColoured(channel) ? styleText(style, text, { validateStream: false }) : text;
  }

  #isColoured(channel: 'stdout' | 'stderr'): boolean {
    const { NO_COLOR = '', TERM } = this.#terminal.environment;
    const isTerminal = this.#terminal[channel].columns !== undefined;
    return isTerminal && NO_COLOR === '' && TERM !== 'dumb' && !this.json;
  }

  #tell(line: string): void {
    this.beforeLine();
    this.#terminal.stderr.write(`${line}\n`);
  }
}

function factsOf(error: unknown) {
  if (!(error instanceof StorageError)) {
    return { code: exitKindOf(error), path: undefined, requestId: undefined };
  }
  const { code, path, requestId } = error;
  return { code, path, requestId };
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message } = error;
  // Of "ENOENT: no such file or directory, stat 'x'" what people read.
  if (isSystemError(error)) return message.replace(/^[A-Z0-9]+: (.*?), \w+( '.*)?$/s, '$1');
  const isSilence = error instanceof StorageError && error.code === 'unavailable';
  return isSilence ? `no endpoint answers as it should: ${message}` : message;
}

const stackOf = (error: unknown): string =>
  error instanceof StorageError ? error.message : ((error as Error).stack ?? messageOf(error));

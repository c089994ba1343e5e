/**
 * A connection that carries frames. What goes wrong in it ends the connection, and nothing else.
 */
import { asDftfsError, DftfsError } from '#base/errors.ts';
import type { Connection } from '#io/network.ts';
import { type Expectation, expectNothing } from './frame.ts';
import { type Frame, FrameParser } from './frame-parser.ts';
import type { Body } from './rpc.ts';

export interface FrameStreamHandlers {
  /** What it throws ends the connection. */
  onFrame(frame: Frame): void;
  /** The peer has taken what was waiting for it. */
  onDrain(): void;
  /** Once: `invalid_message` after a bad frame, else `peer_unreachable`. */
  onClose(cause: DftfsError): void;
}

export const idle: FrameStreamHandlers = {
  onFrame: () => {},
  onDrain: () => {},
  onClose: () => {},
};

export class FrameStream {
  readonly remote: string;
  readonly #connection: Connection;
  readonly #parser: FrameParser;
  #handlers: FrameStreamHandlers = idle;
  #cause: DftfsError | undefined;
  #full = false;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.remote = connection.remote;
    this.#parser = new FrameParser(expectNothing, (frame) => this.#handlers.onFrame(frame));
    connection.handle({
      onData: (chunk) => this.#guard(() => this.#parser.push(chunk)),
      onDrain: () => {
        this.#full = false;
        this.#guard(() => this.#handlers.onDrain());
      },
      onClose: (error) => this.#ended(lost(error?.message ?? 'the peer closed the connection')),
    });
  }

  /** So much is unsent that `onDrain` will come when it is gone. */
  get full(): boolean {
    return this.#full;
  }

  get unsentBytes(): number {
    return this.#connection.unsentBytes;
  }

  /** From now on frames like `expected` go to `handlers`. A stream that is over says so at once. */
  use(expected: Expectation, handlers: FrameStreamHandlers): void {
    this.#parser.expected = expected;
    this.#handlers = handlers;
    if (this.#cause !== undefined) handlers.onClose(this.#cause);
  }

  send(frame: Buffer, body: Body): void {
    if (this.#cause !== undefined) return;
    this.#full = !this.#connection.write(body.length === 0 ? [frame] : [frame, ...body]);
  }

  pause(): void {
    this.#connection.pause();
  }

  resume(): void {
    this.#connection.resume();
  }

  /** Ends the connection at once; `onClose` has been called when this returns. */
  close(reason: string): void {
    this.#end(lost(reason));
  }

  #guard(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.#end(asDftfsError(error));
    }
  }

  #end(cause: DftfsError): void {
    this.#ended(cause);
    this.#connection.destroy();
  }

  #ended(cause: DftfsError): void {
    if (this.#cause !== undefined) return;
    this.#cause = cause;
    this.#parser.stop();
    this.#handlers.onClose(cause);
  }
}

const lost = (reason: string): DftfsError => new DftfsError('peer_unreachable', reason);

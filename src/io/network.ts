/** Byte streams between processes. */
export interface Connection {
  readonly remote: string;
  /** Whom the other side's certificate names; undefined: nobody was asked for one. */
  readonly certified?: string | undefined;
  /** Sends `parts` in order as one gathered write. False: buffers are full, wait for `onDrain`. */
  write(parts: readonly Buffer[]): boolean;
  /** Bytes handed to `write` and not yet taken by the kernel. */
  readonly unsentBytes: number;
  pause(): void;
  resume(): void;
  /** Ends the connection at once, both ways. `onClose` follows. */
  destroy(): void;
  handle(handlers: ConnectionHandlers): void;
}

export interface ConnectionHandlers {
  onData(chunk: Buffer): void;
  onDrain(): void;
  /** Once, whatever ended the connection. */
  onClose(error: Error | undefined): void;
}

export interface Listener {
  readonly port: number;
  close(): Promise<void>;
}

export interface Network {
  /** `port` 0 takes a free one. */
  listen(host: string, port: number, accept: (connection: Connection) => void): Promise<Listener>;
  connect(host: string, port: number, timeoutMs: number): Promise<Connection>;
}

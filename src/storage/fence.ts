/** Once tripped, nothing more is acknowledged until the process is started again. */
import { DftfsError } from '#base/errors.ts';
import type { Logger } from '#observe/log.ts';

export class Fence {
  readonly #log: Logger;
  #reason: string | undefined;

  constructor(log: Logger) {
    this.#log = log;
  }

  get reason(): string | undefined {
    return this.#reason;
  }

  trip(reason: string, error: unknown): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#log.error('shard store fenced', { reason, error });
  }

  check(): void {
    if (this.#reason !== undefined) throw this.error();
  }

  error(cause?: unknown): DftfsError {
    const detail = `This node's disk takes no writes until it is started again: ${this.#reason}.`;
    return new DftfsError('store_fenced', detail, cause === undefined ? {} : { cause });
  }
}

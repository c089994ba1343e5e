/**
 * Clients that hold a connection and don't move: one sweep over all exchanges, instead of a timer
 * for each. Only time in which we waited for the client counts against it.
 */
import type { Exchange } from './exchange.ts';
import { HttpProblem } from './problem.ts';

export interface PaceOptions {
  /** A client must move this many bytes a second, averaged over the window. */
  readonly bytesPerSecondMin: number;
  readonly windowMs: number;
  /**
   * After an early answer: how long the rest of a body is thrown away before the connection ends.
   */
  readonly goodbyeMs: number;
}

export class Watchdog {
  readonly #options: PaceOptions;

  constructor(options: PaceOptions) {
    this.#options = options;
  }

  /**
   * `elapsedMs` since the last sweep; the caller bounds it, so that our own pause isn't the
   * client's.
   */
  sweep(exchanges: Iterable<Exchange>, elapsedMs: number): void {
    for (const exchange of exchanges) {
      if (exchange.waiting === 'nothing') continue;
      exchange.paceMs += elapsedMs;
      if (exchange.waiting === 'goodbye') this.#part(exchange);
      else if (exchange.paceMs >= this.#options.windowMs) this.#judge(exchange);
    }
  }

  #part(exchange: Exchange): void {
    if (exchange.paceMs >= this.#options.goodbyeMs) exchange.response.destroy();
  }

  #judge(exchange: Exchange): void {
    const { bytesPerSecondMin } = this.#options;
    const enough = exchange.paceBytes >= (exchange.paceMs / 1000) * bytesPerSecondMin;
    exchange.paceBytes = 0;
    exchange.paceMs = 0;
    if (enough) return;
    if (exchange.waiting === 'download') exchange.response.destroy();
    else {
      const detail = `The body came slower than ${bytesPerSecondMin} bytes a second; nothing was stored.`;
      exchange.breakBody(new HttpProblem('request_timeout', detail));
    }
  }
}

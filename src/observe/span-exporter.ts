/**
 * Brings finished spans to a collector, a batch at a time. Nobody waits for it: while the collector
 * is away, slow or full, spans are dropped, and the log says how many.
 */
import type { Post } from '#io/post.ts';
import type { Timer, Timers } from '#io/world.ts';
import type { Logger } from './log.ts';
import { encodeSpans, type Resource } from './otlp.ts';
import type { FinishedSpan } from './tracer.ts';

export interface SpanExporterDeps {
  readonly timers: Timers;
  readonly post: Post;
  readonly log: Logger;
}

export interface SpanExporterOptions {
  /** Of the collector, without the path that OTLP sets: `http://127.0.0.1:4318`. */
  readonly endpoint: string;
  readonly resource: Resource;
  readonly batchMax: number;
  readonly queueMax: number;
  readonly delayMs: number;
  readonly timeoutMs: number;
}

export const spanExporterDefaults: Omit<SpanExporterOptions, 'endpoint' | 'resource'> = {
  batchMax: 512,
  queueMax: 4096,
  delayMs: 1000,
  timeoutMs: 5000,
};

export class SpanExporter {
  readonly #deps: SpanExporterDeps;
  readonly #options: SpanExporterOptions;
  readonly #url: string;
  #queue: FinishedSpan[] = [];
  #timer: Timer | undefined;
  #sending: Promise<void> | undefined;
  #dropped = 0;
  #droppedEver = 0;
  #isFailing = false;

  constructor(deps: SpanExporterDeps, options: SpanExporterOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#url = `${options.endpoint.replace(/\/+$/, '')}/v1/traces`;
  }

  /** Spans that were not taken, since the process began. */
  get spansDropped(): number {
    return this.#droppedEver;
  }

  take(span: FinishedSpan): void {
    if (this.#queue.length >= this.#options.queueMax) {
      this.#drop(1);
      return;
    }
    this.#queue.push(span);
    this.#timer ??= this.#deps.timers.after(this.#options.delayMs, () => void this.#flush());
  }

  /** Sends what is left, for a bounded time. */
  async close(): Promise<void> {
    this.#timer?.cancel();
    await this.#sending;
    await this.#flush();
    this.#timer?.cancel();
  }

  #flush(): Promise<void> {
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined;
      this.#timer = undefined;
      if (this.#queue.length > 0) {
        this.#timer = this.#deps.timers.after(this.#options.delayMs, () => void this.#flush());
      }
    });
    return this.#sending;
  }

  #drop(spans: number): void {
    this.#dropped += spans;
    this.#droppedEver += spans;
  }

  /** What is there now; a batch that fails is lost, and the rest waits. */
  async #sendAll(): Promise<void> {
    const { batchMax, queueMax } = this.#options;
    for (let left = Math.ceil(queueMax / batchMax); left > 0 && this.#queue.length > 0; left--) {
      const batch = this.#queue.slice(0, batchMax);
      this.#queue = this.#queue.slice(batchMax);
      if (!(await this.#send(batch))) return;
    }
  }

  async #send(batch: readonly FinishedSpan[]): Promise<boolean> {
    const { post, log } = this.#deps;
    const { resource, timeoutMs } = this.#options;
    try {
      const message = { contentType: 'application/json', body: encodeSpans(resource, batch) };
      const status = await post(this.#url, message, timeoutMs);
      if (status < 200 || status > 299) throw new Error(`the collector answered ${status}`);
      if (this.#isFailing) log.info('traces are taken again', { dropped: this.#dropped });
      this.#isFailing = false;
      this.#dropped = 0;
      return true;
    } catch (error) {
      this.#drop(batch.length);
      // Once, not with every batch.
      if (!this.#isFailing) log.warn('traces are not taken', { error, endpoint: this.#url });
      this.#isFailing = true;
      return false;
    }
  }
}

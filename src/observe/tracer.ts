/**
 * Traces: which part of a request's work took how long, on which node. A trace is kept or not as a
 * whole, as whoever began it says. What isn't kept costs nothing further on; what is kept is handed
 * over as finished spans.
 */
import type { Clock, Random } from '#io/world.ts';
import type { Span, SpanKind } from './span.ts';
import { parseTraceparent, type TraceContext, traceparentOf } from './traceparent.ts';

export interface FinishedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string | undefined;
  readonly name: string;
  readonly kind: SpanKind;
  /** Milliseconds since the epoch, with fractions. */
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: ReadonlyMap<string, string | number>;
  /** Why it failed. */
  readonly error: string | undefined;
}

export interface TracerDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly take: (span: FinishedSpan) => void;
}

export class Tracer {
  readonly #deps: TracerDeps;
  readonly #samplePercent: number;
  /** One reading of the wall clock for all: durations are right whatever becomes of it. */
  readonly #epochMs: number;

  /** `samplePercent`: of the traces that begin here. */
  constructor(deps: TracerDeps, { samplePercent }: { readonly samplePercent: number }) {
    this.#deps = deps;
    this.#samplePercent = samplePercent;
    this.#epochMs = deps.clock.wall() - deps.clock.now();
  }

  /** `traceparent`: as it came with the work. Undefined: no trace is kept of it. */
  begin(name: string, traceparent: string | undefined): Span | undefined {
    const parent = parseTraceparent(traceparent);
    if (parent !== undefined)
      return parent.sampled ? this.start(name, 'server', parent) : undefined;
    const isKept = this.#deps.random.float() * 100 < this.#samplePercent;
    return isKept ? this.start(name, 'server', undefined) : undefined;
  }

  /** Goes on with a trace that is kept, and begins none. */
  resume(name: string, traceparent: string | undefined): Span | undefined {
    return parseTraceparent(traceparent) && this.begin(name, traceparent);
  }

  start(name: string, kind: SpanKind, parent: TraceContext | undefined): Span {
    const { random } = this.#deps;
    const traceId = parent?.traceId ?? random.bytes(16).toString('hex');
    const spanId = random.bytes(8).toString('hex');
    const context = { traceId, spanId, sampled: true };
    return new OpenSpan(this, context, parent?.spanId, name, kind, this.nowMs());
  }

  nowMs(): number {
    return this.#epochMs + this.#deps.clock.now();
  }

  finish(span: FinishedSpan): void {
    this.#deps.take(span);
  }
}

class OpenSpan implements Span {
  readonly traceparent: string;
  readonly #tracer: Tracer;
  readonly #context: TraceContext;
  readonly #parentId: string | undefined;
  readonly #name: string;
  readonly #kind: SpanKind;
  readonly #startMs: number;
  readonly #attributes = new Map<string, string | number>();
  #ended = false;

  constructor(
    tracer: Tracer,
    context: TraceContext,
    parentId: string | undefined,
    name: string,
    kind: SpanKind,
    startMs: number,
  ) {
    this.#tracer = tracer;
    this.#context = context;
    this.traceparent = traceparentOf(context);
    this.#parentId = parentId;
    this.#name = name;
    this.#kind = kind;
    this.#startMs = startMs;
  }

  get traceId(): string {
    return this.#context.traceId;
  }

  child(name: string, kind: SpanKind): Span {
    return this.#tracer.start(name, kind, this.#context);
  }

  set(attribute: string, value: string | number): void {
    this.#attributes.set(attribute, value);
  }

  end(error?: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#tracer.finish({
      ...{ traceId: this.#context.traceId, spanId: this.#context.spanId },
      ...{ parentId: this.#parentId, name: this.#name, kind: this.#kind },
      ...{ startMs: this.#startMs, endMs: this.#tracer.nowMs(), attributes: this.#attributes },
      error: error === undefined ? undefined : messageOf(error),
    });
  }
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

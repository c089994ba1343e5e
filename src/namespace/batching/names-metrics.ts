/** What a node counts of its operations on names, and of those that it combines for others. */
import {
  type Counter,
  durationBounds,
  type Family,
  type Histogram,
  type MetricRegister,
  sizeBounds,
} from '#observe/metric-register.ts';

export type NamesKind = 'read' | 'write';
/** 'fallback': directly, after the combiner didn't do. */
export type NamesWay = 'combined' | 'direct' | 'fallback';

interface Batches {
  readonly operations: Histogram;
  readonly duration: Histogram;
}

export class NamesMetrics {
  /** Of this node's combiner. */
  readonly batches: Readonly<Record<NamesKind, Batches>>;
  readonly #operations: Family<Counter>;
  readonly #duration: Readonly<Record<NamesKind, Histogram>>;

  constructor(register: MetricRegister) {
    this.#operations = register.counter(
      'dftfs_names_operations_total',
      'Operations on names for this node; fallback: directly, after the combiner had failed it.',
      'kind',
      'way',
    );
    const duration = register.histogram(
      'dftfs_names_operation_duration_seconds',
      'What they took, waiting for their turn included.',
      durationBounds,
      'kind',
    );
    const operations = register.histogram(
      'dftfs_names_batch_operations',
      'Operations that this node combined, as the combiner, into one transaction.',
      sizeBounds,
      'kind',
    );
    const took = register.histogram(
      'dftfs_names_batch_duration_seconds',
      'What such a transaction took.',
      durationBounds,
      'kind',
    );
    const batches = (kind: NamesKind) => ({
      operations: operations.with(kind),
      duration: took.with(kind),
    });
    this.#duration = { read: duration.with('read'), write: duration.with('write') };
    this.batches = { read: batches('read'), write: batches('write') };
  }

  done(kind: NamesKind, way: NamesWay, tookMs: number): void {
    this.#operations.with(kind, way).add();
    this.#duration[kind].observe(tookMs / 1000);
  }
}

/** What a shard store counts of its writing. How full and how well it is, `stats` tells. */
import {
  type Counter,
  durationBounds,
  type Histogram,
  type MetricRegister,
  sizeBounds,
} from '#observe/metric-register.ts';

export class StoreMetrics {
  readonly #records: Histogram;
  readonly #duration: Histogram;
  readonly #bytes: Counter;
  readonly #failures: Counter;

  constructor(register: MetricRegister) {
    this.#records = register
      .histogram(
        'dftfs_store_flush_records',
        'Records that were appended to the disk together, in one durable write.',
        sizeBounds,
      )
      .with();
    this.#duration = register
      .histogram(
        'dftfs_store_flush_duration_seconds',
        'What such a write took until the disk had it for good (O_DSYNC).',
        durationBounds,
      )
      .with();
    this.#bytes = register
      .counter('dftfs_store_appended_bytes_total', 'Bytes appended to segment files.')
      .with();
    this.#failures = register
      .counter('dftfs_store_flush_failures_total', 'Durable writes that failed.')
      .with();
  }

  flushed(records: number, bytes: number, tookMs: number): void {
    this.#records.observe(records);
    this.#bytes.add(bytes);
    this.#duration.observe(tookMs / 1000);
  }

  failed(): void {
    this.#failures.add();
  }
}

/** What a node counts of how it came by the bytes that it read for clients. */
import type { Counter, MetricRegister } from '#observe/metric-register.ts';

export class ReadMetrics {
  readonly fetches: Counter;
  readonly hedges: Counter;
  /** The budget was used up. */
  readonly hedgesRefused: Counter;
  readonly damaged: Counter;
  readonly garbled: Counter;
  readonly unreachable: Counter;

  constructor(register: MetricRegister) {
    const hedges = register.counter(
      'dftfs_read_hedges_total',
      'Late shards that another was asked for in place of; refused: the budget was used up.',
      'outcome',
    );
    const failures = register.counter(
      'dftfs_read_failed_fetches_total',
      'Shards that could not be had, by why.',
      'why',
    );
    this.fetches = register
      .counter('dftfs_read_fetches_total', 'Shards asked for, to read files.')
      .with();
    this.hedges = hedges.with('sent');
    this.hedgesRefused = hedges.with('refused');
    this.damaged = failures.with('damaged');
    this.garbled = failures.with('garbled');
    this.unreachable = failures.with('unreachable');
  }
}

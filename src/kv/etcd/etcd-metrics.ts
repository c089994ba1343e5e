/** What a node counts of its calls to etcd. */
import {
  type Counter,
  durationBounds,
  type Family,
  type Histogram,
  type MetricRegister,
} from '#observe/metric-register.ts';

export class EtcdMetrics {
  readonly #duration: Family<Histogram>;
  readonly #errors: Family<Counter>;
  readonly #attempts: Counter;

  constructor(register: MetricRegister) {
    this.#duration = register.histogram(
      'dftfs_etcd_call_duration_seconds',
      'What calls to etcd took, tries on other members included.',
      durationBounds,
      'method',
    );
    this.#errors = register.counter(
      'dftfs_etcd_errors_total',
      'Calls to etcd that ended with an error, by its code.',
      'method',
      'code',
    );
    this.#attempts = register
      .counter('dftfs_etcd_failed_attempts_total', 'Tries on one member that failed.')
      .with();
  }

  /** `method`: the full name of the call in etcd's API. */
  called(method: string, tookMs: number, errorCode: string | undefined): void {
    const name = method.slice(method.lastIndexOf('/') + 1);
    this.#duration.with(name).observe(tookMs / 1000);
    if (errorCode !== undefined) this.#errors.with(name, errorCode).add();
  }

  attemptFailed(): void {
    this.#attempts.add();
  }
}

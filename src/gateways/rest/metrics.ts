/** Counters of this front door, shown as Prometheus text. */
const bucketsMs = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000];

interface OperationCounts {
  readonly byStatus: Map<number, number>;
  readonly buckets: number[];
  sumMs: number;
  count: number;
  received: number;
  sent: number;
}

export interface Done {
  readonly operation: string;
  /** 0: the client left before there was an answer. */
  readonly status: number;
  readonly durationMs: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
}

export interface Gauges {
  readonly connections: number;
  readonly requests: number;
  readonly reservedBytes: number;
}

export class Metrics {
  readonly #operations = new Map<string, OperationCounts>();
  readonly #gauges: () => Gauges;

  constructor(gauges: () => Gauges) {
    this.#gauges = gauges;
  }

  record(done: Done): void {
    const counts = this.#countsOf(done.operation);
    counts.byStatus.set(done.status, (counts.byStatus.get(done.status) ?? 0) + 1);
    const bucket = bucketsMs.findIndex((limit) => done.durationMs <= limit);
    const index = bucket < 0 ? bucketsMs.length : bucket;
    counts.buckets[index] = (counts.buckets[index] ?? 0) + 1;
    counts.sumMs += done.durationMs;
    counts.count += 1;
    counts.received += done.bytesReceived;
    counts.sent += done.bytesSent;
  }

  text(): string {
    const lines: string[] = [];
    const { connections, requests, reservedBytes } = this.#gauges();
    lines.push('# TYPE dftfs_http_connections gauge', `dftfs_http_connections ${connections}`);
    lines.push('# TYPE dftfs_http_requests_open gauge', `dftfs_http_requests_open ${requests}`);
    lines.push('# TYPE dftfs_http_reserved_bytes gauge');
    lines.push(`dftfs_http_reserved_bytes ${reservedBytes}`);
    this.#counters(lines);
    this.#durations(lines);
    return `${lines.join('\n')}\n`;
  }

  #countsOf(operation: string): OperationCounts {
    const known = this.#operations.get(operation);
    if (known) return known;
    const buckets = new Array<number>(bucketsMs.length + 1).fill(0);
    const fresh = { byStatus: new Map(), buckets, sumMs: 0, count: 0, received: 0, sent: 0 };
    this.#operations.set(operation, fresh);
    return fresh;
  }

  #counters(lines: string[]): void {
    lines.push('# TYPE dftfs_http_requests_total counter');
    for (const [operation, { byStatus }] of this.#operations) {
      for (const [status, count] of byStatus) {
        lines.push(`dftfs_http_requests_total{op="${operation}",status="${status}"} ${count}`);
      }
    }
    lines.push('# TYPE dftfs_http_body_bytes_total counter');
    for (const [operation, { received, sent }] of this.#operations) {
      const name = `dftfs_http_body_bytes_total{op="${operation}"`;
      lines.push(`${name},direction="in"} ${received}`, `${name},direction="out"} ${sent}`);
    }
  }

  #durations(lines: string[]): void {
    const name = 'dftfs_http_request_seconds';
    lines.push(`# TYPE ${name} histogram`);
    for (const [operation, { buckets, sumMs, count }] of this.#operations) {
      let below = 0;
      for (const [index, limit] of bucketsMs.entries()) {
        below += buckets[index] as number;
        lines.push(`${name}_bucket{op="${operation}",le="${limit / 1000}"} ${below}`);
      }
      lines.push(`${name}_bucket{op="${operation}",le="+Inf"} ${count}`);
      lines.push(`${name}_sum{op="${operation}"} ${sumMs / 1000}`);
      lines.push(`${name}_count{op="${operation}"} ${count}`);
    }
  }
}

/** What this front door counts: rate, errors and duration of each endpoint, and what it holds. */
import {
  type Counter,
  durationBounds,
  type Family,
  type Gauge,
  type Histogram,
  type MetricRegister,
} from '#observe/metric-register.ts';

/** One request that is over. */
export interface Done {
  readonly operation: string;
  /** 0: the client left before there was an answer. */
  readonly status: number;
  /** Of the problem it was answered with, or that cut its answer short. */
  readonly problem: string | undefined;
  readonly durationMs: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
}

/** All endpoints together. */
export interface RequestTotals {
  readonly count: number;
  readonly refused: number;
  readonly failed: number;
  readonly left: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  /** How many took so long and longer than the step before; the last has no end. */
  readonly durations: readonly (readonly [upToMs: number | null, count: number])[];
}

interface EndpointCounts {
  /** By the status's first digit. */
  readonly requests: readonly Counter[];
  readonly duration: Histogram;
  readonly received: Counter;
  readonly sent: Counter;
}

const ownEndpoints: ReadonlySet<string> = new Set(['system', 'nodes', 'tokens']);
const classes = ['none', '1xx', '2xx', '3xx', '4xx', '5xx'];

export class HttpMetrics {
  readonly inFlight: Gauge;
  readonly connections: Gauge;
  readonly connectionsRefused: Counter;
  readonly #requests: Family<Counter>;
  readonly #errors: Family<Counter>;
  readonly #duration: Family<Histogram>;
  readonly #received: Family<Counter>;
  readonly #sent: Family<Counter>;
  readonly #reserved: Gauge;
  readonly #register: MetricRegister;
  readonly #byEndpoint = new Map<string, EndpointCounts>();

  constructor(register: MetricRegister) {
    this.#register = register;
    this.#requests = register.counter(
      'dftfs_http_requests_total',
      'Requests that are over, by endpoint and class of status; none: the client left before.',
      'endpoint',
      'class',
    );
    this.#errors = register.counter(
      'dftfs_http_errors_total',
      'Requests that ended with a problem, by its code; those of a client are among them.',
      'endpoint',
      'code',
    );
    this.#duration = register.histogram(
      'dftfs_http_request_duration_seconds',
      'From the head of a request to the end of its answer.',
      durationBounds,
      'endpoint',
    );
    this.#received = bytesOf(register, 'received', 'Bytes of bodies that clients sent.');
    this.#sent = bytesOf(register, 'sent', 'Bytes of bodies that clients were sent.');
    const gauge = (name: string, help: string) => register.gauge(name, help).with();
    this.inFlight = gauge('dftfs_http_requests_in_flight', 'Requests under way.');
    this.connections = gauge('dftfs_http_connections', 'Connections of clients.');
    this.connectionsRefused = register
      .counter('dftfs_http_connections_refused_total', 'Connections beyond the bound.')
      .with();
    this.#reserved = gauge('dftfs_http_reserved_bytes', 'Memory set aside for bodies under way.');
  }

  watchReserved(bytes: () => number): void {
    this.#register.onScrape(() => {
      this.#reserved.value = bytes();
    });
  }

  record(done: Done): void {
    const counts = this.#byEndpoint.get(done.operation) ?? this.#begin(done.operation);
    counts.requests[Math.floor(done.status / 100)]?.add();
    counts.duration.observe(done.durationMs / 1000);
    counts.received.add(done.bytesReceived);
    counts.sent.add(done.bytesSent);
    if (done.problem !== undefined) this.#errors.with(done.operation, done.problem).add();
  }

  /** Of files, by clients: whoever looks at the cluster would else see mostly himself. */
  ofFiles(): RequestTotals {
    const counted = [...this.#byEndpoint].filter(([endpoint]) => !ownEndpoints.has(endpoint));
    const all = counted.map(([, counts]) => counts);
    const sum = (of: (counts: EndpointCounts) => number | undefined) =>
      all.reduce((total, counts) => total + (of(counts) ?? 0), 0);
    const ofClass = (name: string) => sum(({ requests }) => requests[classes.indexOf(name)]?.value);
    return {
      count: sum(({ duration }) => duration.counts.reduce((total, count) => total + count, 0)),
      refused: ofClass('4xx'),
      failed: ofClass('5xx'),
      left: ofClass('none'),
      bytesReceived: sum(({ received }) => received.value),
      bytesSent: sum(({ sent }) => sent.value),
      durations: [...durationBounds, null].map((bound, step) => [
        bound === null ? null : bound * 1000,
        sum(({ duration }) => duration.counts[step]),
      ]),
    };
  }

  #begin(endpoint: string): EndpointCounts {
    const counts = {
      requests: classes.map((name) => this.#requests.with(endpoint, name)),
      duration: this.#duration.with(endpoint),
      received: this.#received.with(endpoint),
      sent: this.#sent.with(endpoint),
    };
    this.#byEndpoint.set(endpoint, counts);
    return counts;
  }
}

const bytesOf = (register: MetricRegister, way: string, help: string): Family<Counter> =>
  register.counter(`dftfs_http_${way}_bytes_total`, help, 'endpoint');

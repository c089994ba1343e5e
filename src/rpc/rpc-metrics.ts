/** What a node counts of its calls to others, and to itself. */
import {
  type Counter,
  durationBounds,
  type Family,
  type Histogram,
  type MetricRegister,
} from '#observe/metric-register.ts';

export class RpcMetrics {
  readonly #calls: Family<Counter>;
  readonly #errors: Family<Counter>;
  readonly #duration: Family<Histogram>;
  readonly #sent: Family<Counter>;
  readonly #received: Family<Counter>;
  readonly #connections: Family<Counter>;

  constructor(register: MetricRegister) {
    this.#calls = register.counter(
      'dftfs_rpc_calls_total',
      'Calls to nodes that are over, by peer and method; this node is a peer of its own.',
      'peer',
      'method',
    );
    this.#errors = register.counter(
      'dftfs_rpc_errors_total',
      'Calls that ended with an error, by its code.',
      'peer',
      'code',
    );
    this.#duration = register.histogram(
      'dftfs_rpc_call_duration_seconds',
      'What calls took until their answer or error.',
      durationBounds,
      'peer',
    );
    this.#sent = register.counter('dftfs_rpc_sent_bytes_total', 'Requests, by peer.', 'peer');
    this.#received = register.counter(
      'dftfs_rpc_received_bytes_total',
      'Answers, by peer.',
      'peer',
    );
    this.#connections = register.counter(
      'dftfs_rpc_connections_total',
      'Connections made, by peer; more than one: it was lost.',
      'peer',
    );
  }

  peer(peer: string): PeerMeter {
    return new PeerMeter(
      (method) => this.#calls.with(peer, method),
      (code) => this.#errors.with(peer, code),
      this.#duration.with(peer),
      this.#sent.with(peer),
      this.#received.with(peer),
      this.#connections.with(peer),
    );
  }
}

export class PeerMeter {
  readonly sent: Counter;
  readonly received: Counter;
  readonly connections: Counter;
  readonly #callsOf: (method: string) => Counter;
  readonly #errorsOf: (code: string) => Counter;
  readonly #duration: Histogram;
  readonly #calls = new Map<string, Counter>();

  constructor(
    callsOf: (method: string) => Counter,
    errorsOf: (code: string) => Counter,
    duration: Histogram,
    sent: Counter,
    received: Counter,
    connections: Counter,
  ) {
    this.#callsOf = callsOf;
    this.#errorsOf = errorsOf;
    this.#duration = duration;
    this.sent = sent;
    this.received = received;
    this.connections = connections;
  }

  settled(method: string, tookMs: number, errorCode: string | undefined): void {
    let calls = this.#calls.get(method);
    if (calls === undefined) {
      calls = this.#callsOf(method);
      this.#calls.set(method, calls);
    }
    calls.add();
    this.#duration.observe(tookMs / 1000);
    if (errorCode !== undefined) this.#errorsOf(errorCode).add();
  }
}

/** All that a node counts, in one register: the table that the documentation is made from, too. */
import { ReadMetrics } from '#blob/read-metrics.ts';
import { HttpMetrics } from '#gateways/rest/http-metrics.ts';
import type { ReadVitals } from '#io/vitals.ts';
import type { World } from '#io/world.ts';
import { EtcdMetrics } from '#kv/etcd/etcd-metrics.ts';
import { NamesMetrics } from '#namespace/batching/names-metrics.ts';
import { LoopDelay } from '#observe/loop-delay.ts';
import { MetricRegister } from '#observe/metric-register.ts';
import { measureProcess } from '#observe/process-metrics.ts';
import { RpcMetrics } from '#rpc/rpc-metrics.ts';
import { StoreMetrics } from '#storage/store-metrics.ts';
import { NodeGauges } from './node-gauges.ts';

export interface NodeMetricsDeps extends Pick<World, 'clock' | 'timers'> {
  readonly readVitals: ReadVitals;
}

export class NodeMetrics {
  readonly register = new MetricRegister();
  readonly http = new HttpMetrics(this.register);
  readonly names = new NamesMetrics(this.register);
  readonly reads = new ReadMetrics(this.register);
  readonly rpc = new RpcMetrics(this.register);
  readonly store = new StoreMetrics(this.register);
  readonly etcd = new EtcdMetrics(this.register);
  readonly gauges = new NodeGauges(this.register);
  readonly loopDelay: LoopDelay;
  /** Whoever loses lines or spans says how many. */
  losses = { auditLines: () => 0, spans: () => 0 };

  constructor(deps: NodeMetricsDeps) {
    this.loopDelay = new LoopDelay(this.register, deps);
    measureProcess(this.register, deps.readVitals);
    this.#countLosses();
  }

  #countLosses(): void {
    const lines = this.register.counter(
      'dftfs_audit_lost_lines_total',
      'Lines that the audit log does not show, for it could not be written.',
    );
    const spans = this.register.counter(
      'dftfs_trace_dropped_spans_total',
      'Spans of traces that the collector did not take.',
    );
    this.register.onScrape(() => {
      lines.with().value = this.losses.auditLines();
      spans.with().value = this.losses.spans();
    });
  }
}

/** The process itself, under the names that every exporter of Prometheus uses. */
import type { ReadVitals } from '#io/vitals.ts';
import type { MetricRegister } from './metric-register.ts';

export function measureProcess(register: MetricRegister, readVitals: ReadVitals): void {
  const resident = register.gauge('process_resident_memory_bytes', 'Memory of the process.');
  const cpu = register.counter('process_cpu_seconds_total', 'Processor time, system and user.');
  const startedAt = register.gauge(
    'process_start_time_seconds',
    'When the process began, since the epoch.',
  );
  const heapUsed = register.gauge('nodejs_heap_size_used_bytes', 'Heap in use.');
  const heapTotal = register.gauge('nodejs_heap_size_total_bytes', 'Heap taken.');
  const external = register.gauge('nodejs_external_memory_bytes', 'Buffers outside of the heap.');
  const active = register.counter(
    'dftfs_event_loop_active_seconds_total',
    'Time that the event loop was at work; its rate is how busy the process is, 1 at most.',
  );
  register.onScrape(() => {
    const vitals = readVitals();
    resident.with().value = vitals.residentBytes;
    cpu.with().value = vitals.cpuSeconds;
    startedAt.with().value = vitals.startedAtSeconds;
    heapUsed.with().value = vitals.heapUsedBytes;
    heapTotal.with().value = vitals.heapTotalBytes;
    external.with().value = vitals.externalBytes;
    active.with().value = vitals.loopActiveSeconds;
  });
}

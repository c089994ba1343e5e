/** How a node can be watched: what it counts, which traces and which changes it tells of. */
import path from 'node:path';
import type { NodeConfig } from '#config/node-config.ts';
import type { Post } from '#io/post.ts';
import type { ReadVitals } from '#io/vitals.ts';
import type { World } from '#io/world.ts';
import { AuditLog } from '#observe/audit-log.ts';
import type { Logger } from '#observe/log.ts';
import { RefusalLog } from '#observe/refusal-log.ts';
import { SpanExporter, spanExporterDefaults } from '#observe/span-exporter.ts';
import { Tracer } from '#observe/tracer.ts';
import { NodeMetrics } from './node-metrics.ts';

/** Undefined: not wanted, and nothing is spent on it. */
export interface NodeObservers {
  readonly metrics: NodeMetrics | undefined;
  readonly tracer: Tracer | undefined;
  readonly audit: AuditLog | undefined;
  /** There where `audit` is. */
  readonly refusals: RefusalLog | undefined;
  close(): Promise<void>;
}

export interface NodeObserversDeps {
  readonly world: World;
  readonly post: Post;
  readonly readVitals: ReadVitals;
  readonly log: Logger;
}

export function createNodeObservers(deps: NodeObserversDeps, { node }: NodeConfig): NodeObservers {
  const { world, readVitals } = deps;
  const metrics = node.metrics ? new NodeMetrics({ ...world, readVitals }) : undefined;
  const exporter = createExporter(deps, node);
  const options = { samplePercent: node.traceSamplePercent };
  const tracer = exporter && new Tracer({ ...world, take: (span) => exporter.take(span) }, options);
  const audit = node.auditLog ? openAuditLog(deps, node, 'audit') : undefined;
  const lines = node.auditLog ? openAuditLog(deps, node, 'refused') : undefined;
  const refusals = lines && new RefusalLog({ ...world, lines });
  if (metrics) {
    metrics.losses = {
      auditLines: () => (audit?.linesLost ?? 0) + (lines?.linesLost ?? 0),
      spans: () => exporter?.spansDropped ?? 0,
    };
    metrics.loopDelay.start();
  }
  return {
    ...{ metrics, tracer, audit, refusals },
    async close() {
      metrics?.loopDelay.close();
      await Promise.all([audit?.close(), lines?.close(), exporter?.close()]);
    },
  };
}

/** Of the room for both. */
const shares = { audit: 0.75, refused: 0.25 };

function openAuditLog(
  { world, log }: NodeObserversDeps,
  { dataFolder, auditLogBytesMax }: NodeConfig['node'],
  name: keyof typeof shares,
): AuditLog {
  const bytesMax = auditLogBytesMax * shares[name];
  return new AuditLog(
    { ...world, log },
    { folder: path.join(dataFolder, 'audit'), name, bytesMax },
  );
}

function createExporter(
  { world, post, log }: NodeObserversDeps,
  { id, traceEndpoint }: NodeConfig['node'],
): SpanExporter | undefined {
  if (traceEndpoint === null) return undefined;
  const resource = { 'service.name': 'dftfs', 'service.instance.id': id };
  return new SpanExporter(
    { ...world, post, log },
    { ...spanExporterDefaults, endpoint: traceEndpoint, resource },
  );
}

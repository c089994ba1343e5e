/** What may differ from process to process at the front door. */
import type { PaceOptions } from './watchdog.ts';

export interface GatewayOptions {
  readonly fileBytesMax: number;
  /**
   * Bytes in memory for clients at once; beyond, requests are refused before their body is read.
   */
  readonly bytesInFlightMax: number;
  readonly connectionsMax: number;
  readonly requestsPerConnectionMax: number;
  /** A request's head must be here within this time. */
  readonly headersTimeoutMs: number;
  /** An idle connection is kept this long. */
  readonly keepAliveMs: number;
  readonly pace: PaceOptions;
  /** How often the watchdog looks. */
  readonly sweepMs: number;
  /** How long `close` lets requests finish. */
  readonly closeMs: number;
}

export const gatewayDefaults: GatewayOptions = {
  fileBytesMax: Number.MAX_SAFE_INTEGER,
  bytesInFlightMax: 256 * 1024 * 1024,
  connectionsMax: 10_000,
  requestsPerConnectionMax: 10_000,
  headersTimeoutMs: 10_000,
  keepAliveMs: 65_000,
  pace: { bytesPerSecondMin: 1024, windowMs: 30_000, goodbyeMs: 3_000 },
  sweepMs: 1_000,
  closeMs: 25_000,
};

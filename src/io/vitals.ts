/** How the process itself is, as the runtime knows it. */
export interface ProcessVitals {
  readonly residentBytes: number;
  readonly heapUsedBytes: number;
  readonly heapTotalBytes: number;
  /** Buffers, outside of the heap. */
  readonly externalBytes: number;
  readonly cpuSeconds: number;
  /** The event loop was at work for so long. */
  readonly loopActiveSeconds: number;
  readonly startedAtSeconds: number;
}

export type ReadVitals = () => ProcessVitals;

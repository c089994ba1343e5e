/** How requests for files ended, in a few numbers: what a node tells others of its traffic. */

export interface EndedRequest {
  readonly operation: string;
  /** 0: the client left before there was an answer. */
  readonly status: number;
  readonly durationMs: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
}

/** How many took so long and longer than the step before; the last has no end. */
export type DurationStep = readonly [upToMs: number | null, count: number];

export interface RequestCounts {
  readonly count: number;
  readonly refused: number;
  readonly failed: number;
  readonly left: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  readonly durations: readonly DurationStep[];
}

const stepsMs = [1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700];
const longStepsMs = [1000, 1500, 2000, 3000, 5000, 10_000, 30_000];
const limitsMs: readonly (number | null)[] = [...stepsMs, ...longStepsMs, null];

/** Whoever looks at the cluster asks these, and would else see mostly himself. */
const ownOperations: ReadonlySet<string> = new Set(['system', 'nodes']);

export class RequestTally {
  readonly #durations = new Array<number>(limitsMs.length).fill(0);
  #count = 0;
  #refused = 0;
  #failed = 0;
  #left = 0;
  #bytesReceived = 0;
  #bytesSent = 0;

  add({ operation, status, durationMs, bytesReceived, bytesSent }: EndedRequest): void {
    if (ownOperations.has(operation)) return;
    this.#count += 1;
    if (status === 0) this.#left += 1;
    else if (status >= 500) this.#failed += 1;
    else if (status >= 400) this.#refused += 1;
    this.#bytesReceived += bytesReceived;
    this.#bytesSent += bytesSent;
    const step = limitsMs.findIndex((limit) => limit === null || durationMs <= limit);
    this.#durations[step] = (this.#durations[step] ?? 0) + 1;
  }

  counts(): RequestCounts {
    return {
      count: this.#count,
      refused: this.#refused,
      failed: this.#failed,
      left: this.#left,
      bytesReceived: this.#bytesReceived,
      bytesSent: this.#bytesSent,
      durations: limitsMs.map((limit, step) => [limit, this.#durations[step] ?? 0]),
    };
  }
}

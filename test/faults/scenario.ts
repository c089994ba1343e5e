/**
 * A scenario is data: what clients do, what goes wrong when, and what must be true afterwards. It
 * says nothing of how; `faults/`, `clients/` and `checks/` do.
 */

/** Chosen anew each time that a fault begins, by the run's seed. */
export type Target =
  | 'a node'
  | 'two nodes'
  | 'every node'
  | 'the other nodes'
  | 'the etcd leader'
  | 'an etcd follower'
  | 'most etcd members'
  | 'every etcd member'
  | 'the other etcd members';

export type FaultSpec =
  | {
      readonly kind: 'signal';
      readonly signal: 'SIGKILL' | 'SIGTERM' | 'SIGSTOP';
      readonly target: Target;
    }
  /** Each is told to end and started again, one after another. */
  | { readonly kind: 'rolling restart'; readonly target: Target }
  /** Nothing that `from` sends reaches `to`; nor the other way, unless `oneWay`. */
  | {
      readonly kind: 'partition';
      readonly from: Target;
      readonly to: Target;
      readonly oneWay: boolean;
    }
  /** Shares of the connections of clients that lose the answer, or break within the request. */
  | { readonly kind: 'cut connections'; readonly lost: number; readonly reset: number }
  /** System calls that fail; `when` as strace has it. */
  | {
      readonly kind: 'failing calls';
      readonly target: Target;
      readonly calls: string;
      readonly error: 'EIO' | 'ENOSPC';
      readonly when: string;
    }
  | { readonly kind: 'full disk'; readonly target: Target }
  | { readonly kind: 'slow disk'; readonly target: Target; readonly bytesPerSecond: number }
  /** What the clock on the wall says, as libfaketime has it. */
  | { readonly kind: 'clock'; readonly target: Target; readonly offset: string }
  /** A node's disk is exchanged: for an empty one, or for its own as it was earlier. */
  | { readonly kind: 'other disk'; readonly as: 'empty' | 'earlier' };

export type FaultKindName = FaultSpec['kind'];

export interface TimedFault {
  readonly atMs: number;
  /** Then it is undone: what is dead is started, what was cut is joined. */
  readonly forMs: number;
  readonly fault: FaultSpec;
}

/** That every volume becomes as safe as it should be is checked always: there is no end before. */
export type CheckName = 'durability' | 'honesty' | 'linearizability' | 'leaks';

export interface Scenario {
  readonly name: string;
  /** What it is to show. */
  readonly title: string;
  /** 'short': runs with the tests too. */
  readonly form: 'short' | 'long';
  readonly shape: { readonly nodes: number; readonly etcd: number };
  readonly workload: {
    readonly clients: number;
    readonly fileBytesMax: number;
    /** At least; faults that last longer are waited for. */
    readonly lastsMs: number;
  };
  readonly faults: readonly TimedFault[];
  readonly checks: readonly CheckName[];
  /** Statuses that clients must have met, or the fault didn't bite. */
  readonly mustMeet?: readonly number[];
}

export interface ScenarioResult {
  readonly scenario: string;
  readonly seed: number;
  readonly verdict: 'kept' | 'broken' | 'void' | 'skipped';
  /** Why it isn't 'kept'. */
  readonly reason?: string;
  readonly operations: number;
  readonly acknowledged: number;
  readonly unknown: number;
  /** Files read back whole from every node. */
  readonly readBack: number;
  readonly faultsHit: number;
  readonly lost: number;
  readonly wrong: number;
  /** The longest that no write of any client was acknowledged. */
  readonly longestStallMs: number;
  /** From the end of the last fault until every volume was as safe as it should be. */
  readonly healingMs: number;
}

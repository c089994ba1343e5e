/**
 * Whom this process avoids, long before a lease ends. The data path reports refused and reset
 * connections; probes find processes that are stopped or cut off. A suspect is probed on and is
 * trusted again as soon as it answers. A hint only: no decision that must be right rests on it.
 */
import type { NodeId } from '#base/ids.ts';
import type { Clock, Timer, Timers } from '#io/world.ts';
import type { Logger } from '#observe/log.ts';

export interface SuspicionDeps {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Logger;
  /** Resolves if the node answers within the time. */
  readonly probe: (node: NodeId, timeoutMs: number) => Promise<void>;
  /** The peers worth probing now. */
  readonly peers: () => readonly NodeId[];
}

export interface SuspicionOptions {
  readonly probeEveryMs: number;
  readonly probeTimeoutMs: number;
}

export class Suspicion {
  private readonly deps: SuspicionDeps;
  private readonly options: SuspicionOptions;
  private readonly changed: (suspect: NodeId | undefined) => void;
  private readonly suspects = new Map<NodeId, string>();
  private readonly probing = new Set<NodeId>();
  private timer: Timer | undefined;
  private closed = false;

  /** `changed` gets the node that has just become a suspect, or undefined when one was cleared. */
  constructor(
    deps: SuspicionDeps,
    options: SuspicionOptions,
    changed: (suspect: NodeId | undefined) => void,
  ) {
    this.deps = deps;
    this.options = options;
    this.changed = changed;
  }

  start(): void {
    this.timer = this.deps.timers.after(this.options.probeEveryMs, () => {
      if (this.closed) return;
      for (const peer of this.deps.peers()) void this.probe(peer);
      this.start();
    });
  }

  close(): void {
    this.closed = true;
    this.timer?.cancel();
  }

  has(node: NodeId): boolean {
    return this.suspects.has(node);
  }

  reasons(): ReadonlyMap<NodeId, string> {
    return this.suspects;
  }

  suspect(node: NodeId, reason: string): void {
    if (this.closed || this.suspects.has(node)) return;
    this.suspects.set(node, reason);
    this.deps.log.info('node suspected', { node, reason });
    this.changed(node);
    void this.probe(node);
  }

  private async probe(node: NodeId): Promise<void> {
    if (this.probing.has(node)) return;
    this.probing.add(node);
    const { clock } = this.deps;
    const { probeTimeoutMs, probeEveryMs } = this.options;
    const began = clock.now();
    try {
      await this.deps.probe(node, probeTimeoutMs);
      this.clear(node);
    } catch (error) {
      // A probe that ended far past its own deadline shows that this process was held up, not the
      // peer.
      const heldUp = clock.now() - began > probeTimeoutMs + probeEveryMs;
      if (!heldUp) this.suspect(node, error instanceof Error ? error.message : String(error));
    } finally {
      this.probing.delete(node);
    }
  }

  private clear(node: NodeId): void {
    if (!this.suspects.delete(node)) return;
    this.deps.log.info('node trusted again', { node });
    this.changed(undefined);
  }
}

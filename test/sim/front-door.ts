/**
 * How a client reaches a node: a request over the network, and an answer if one comes. As with
 * HTTP, a node that dies breaks the connection, and one that is stopped says nothing.
 */
import { asDftfsError, type DftfsError } from '#base/errors.ts';
import type { Files } from '#files/files.ts';
import type { SimNode } from './sim-node.ts';
import type { Dice } from './world/dice.ts';
import type { Links } from './world/links.ts';
import { mishap } from './world/mishap.ts';
import type { SimProcess } from './world/process.ts';
import type { Scheduler } from './world/scheduler.ts';

export type Answer<T> =
  | { readonly kind: 'value'; readonly value: T }
  | { readonly kind: 'error'; readonly error: DftfsError }
  /** Nobody listens: nothing has happened. */
  | { readonly kind: 'refused' }
  /** The connection broke, or the client waited for too long. */
  | { readonly kind: 'silence' }
  /** A process that was well all the time said nothing for longer than anything may take. */
  | { readonly kind: 'hang' };

export interface Visit {
  readonly files: Files;
  readonly process: SimProcess;
  readonly signal: AbortSignal;
}

export interface FrontDoor {
  readonly scheduler: Scheduler;
  readonly links: Links;
  readonly dice: Dice;
  /** Answers that never reach the client. */
  readonly lostAnswerRate: number;
}

const patienceMs = 60_000;

/** Runs `act` in the node's process. */
export function visit<T>(
  { scheduler, links, dice, lostAnswerRate }: FrontDoor,
  node: SimNode,
  act: (visit: Visit) => Promise<T>,
): Promise<Answer<T>> {
  return new Promise((resolve) => {
    const wayMs = () => links.latencyMs('client', node.id, 1000);
    const leaving = new AbortController();
    const isLost = mishap({ scheduler, dice }, 'lost-answers', lostAnswerRate);
    const tell = (answer: Answer<T>) =>
      scheduler.after(wayMs(), undefined, () => resolve(isLost ? { kind: 'silence' } : answer));
    scheduler.after(wayMs(), undefined, () => {
      const { process, inside } = node;
      if (process === undefined || inside === undefined) return tell({ kind: 'refused' });
      node.requests += 1;
      process.onDeath(() => tell({ kind: 'silence' }));
      scheduler.after(0, process, () => {
        const { signal } = leaving;
        act({ files: inside.files, process, signal }).then(
          (value) => tell({ kind: 'value', value }),
          (error) => tell({ kind: 'error', error: asDftfsError(error) }),
        );
      });
      scheduler.after(patienceMs, undefined, () => {
        resolve({ kind: process.isDead || process.wasPaused ? 'silence' : 'hang' });
        scheduler.after(wayMs(), process, () => leaving.abort());
      });
    });
  });
}

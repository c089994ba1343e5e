/** What goes wrong by chance is counted when it does. */
import type { Dice } from './dice.ts';
import type { Scheduler } from './scheduler.ts';

export interface Place {
  readonly scheduler: Scheduler;
  readonly dice: Dice;
}

/** Whether it goes wrong this time. */
export function mishap({ scheduler, dice }: Place, kind: string, rate: number): boolean {
  if (!dice.chance(rate)) return false;
  scheduler.trace.fault(kind);
  return true;
}

/** Calls the sweep of operation markers again and again, one bounded unit at a time. */
import { asDftfsError } from '#base/errors.ts';
import type { Timers } from '#io/world.ts';
import type { OperationSweep } from '#namespace/batching/operation-sweep.ts';
import type { Logger } from '#observe/log.ts';

const busyPauseMs = 100;
const idlePauseMs = 30_000;

export function runSweep(sweep: OperationSweep, timers: Timers, log: Logger): { close(): void } {
  const closing = new AbortController();
  const run = async () => {
    while (!closing.signal.aborted) {
      const state = await sweep.step(closing.signal).catch((error: unknown) => {
        log.debug('markers not swept', { error: asDftfsError(error) });
        return 'idle' as const;
      });
      const pauseMs = state === 'busy' ? busyPauseMs : idlePauseMs;
      await timers.sleep(pauseMs, closing.signal).catch(() => {});
    }
  };
  void run();
  return { close: () => closing.abort() };
}

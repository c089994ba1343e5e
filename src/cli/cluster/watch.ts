/** Looking again and again, until there is nothing more to see or somebody interrupts. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterStatus } from '#client/index.ts';
import { exitKindOf } from '../exit-codes.ts';
import type { Session } from '../session.ts';
import type { Option } from '../verb.ts';

export const everyOption: Option = {
  name: 'every',
  value: 'SECONDS',
  help: 'how often to look (default 1)',
};

/** Never ends by itself. An endpoint that doesn't answer for a while ends nothing. */
export async function* statuses(session: Session): AsyncGenerator<ClusterStatus | Error> {
  const { cluster, options, signal } = session;
  const pauseMs = options.count('every', 1, 3600) * 1000;
  for (;;) {
    try {
      yield await cluster.status({ signal });
    } catch (error) {
      signal.throwIfAborted();
      if (exitKindOf(error) !== 'unavailable') throw error;
      yield error as Error;
    }
    await sleep(pauseMs, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

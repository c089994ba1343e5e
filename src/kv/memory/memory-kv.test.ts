import { createNodeClock } from '#io/node/clock.ts';
import { createNodeTimers } from '#io/node/timers.ts';
import { kvContract } from '../kv.contract.ts';
import { MemoryKv } from './memory-kv.ts';

kvContract('MemoryKv', async () => {
  const timers = createNodeTimers();
  const kv = new MemoryKv({ clock: createNodeClock(), timers });
  return {
    kv,
    close: () => kv.close(),
    compact: async (revision) => kv.compact(revision),
    pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  };
});

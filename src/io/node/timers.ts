import type { Timer, Timers } from '../world.ts';

/** Node fires a longer timer at once. */
const longestMs = 2 ** 31 - 1;

export function createNodeTimers(): Timers {
  return { after, sleep };
}

function after(ms: number, fn: () => void): Timer {
  const handle = setTimeout(fn, Math.min(Math.max(ms, 0), longestMs));
  handle.unref();
  return { cancel: () => clearTimeout(handle) };
}

function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const timer = after(ms, () => {
      signal?.removeEventListener('abort', abort);
      resolve();
    });
    const abort = () => {
      timer.cancel();
      reject(signal?.reason);
    };
    signal?.addEventListener('abort', abort, { once: true });
  });
}

/**
 * Clients that put a file, get it and ask whether it exists, again and again, each request on a
 * connection of its own as `curl` does it, and the next when the last has been answered.
 */
import { httpCall } from '../../test/support/http-call.ts';

export interface AskingPlan {
  readonly clients: number;
  /** Files are `<prefix>/<client>-<n>`. */
  readonly prefix: string;
  readonly bytes: number;
}

export interface Seen {
  readonly operation: 'put' | 'get' | 'exists';
  /** When the answer came, by `performance.now`. */
  readonly endedMs: number;
  readonly ms: number;
  /** Broken: no answer. Wrong: another than what was right. */
  readonly outcome: 'right' | 'wrong' | 'broken';
}

/** Until the time is over, by `performance.now`, or the signal comes. */
export async function askInTurn(
  url: string,
  plan: AskingPlan,
  untilMs: number,
  signal?: AbortSignal,
): Promise<Seen[]> {
  const seen: Seen[] = [];
  const isOver = () => performance.now() >= untilMs || signal?.aborted === true;
  const loops = Array.from({ length: plan.clients }, (_, client) =>
    runClient(url, plan, client, isOver, seen),
  );
  await Promise.all(loops);
  return seen;
}

async function runClient(
  url: string,
  { prefix, bytes }: AskingPlan,
  client: number,
  isOver: () => boolean,
  seen: Seen[],
): Promise<void> {
  const body = Buffer.alloc(bytes, client);
  const ask = async (operation: Seen['operation'], method: string, target: string) => {
    const start = performance.now();
    let outcome: Seen['outcome'] = 'broken';
    try {
      const { status } = await httpCall(method, url + target, operation === 'put' ? { body } : {});
      outcome = status === 200 ? 'right' : 'wrong';
    } catch {}
    const endedMs = performance.now();
    seen.push({ operation, endedMs, ms: endedMs - start, outcome });
    return outcome === 'right';
  };
  for (let n = 0; !isOver(); n++) {
    const path = `${prefix}/${client}-${n}`;
    if (!(await ask('put', 'PUT', path))) continue;
    await ask('get', 'GET', path);
    await ask('exists', 'GET', `/exists${path}`);
  }
}

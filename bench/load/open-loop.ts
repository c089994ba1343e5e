/**
 * A process of its own that sends requests at fixed moments, whether or not earlier ones have been
 * answered, so that waiting in a queue counts. Prints a line of JSON for each answer; when its
 * stdin ends it sends nothing more, and ends with the last answer.
 *
 *   node bench/load/open-loop.ts '{"port":8080,"perSecond":20,"kinds":[…],"readable":100}'
 */
import http from 'node:http';

export interface OpenLoopPlan {
  readonly port: number;
  readonly kinds: readonly OpenLoopKind[];
  /** Files `<prefix of the kind>/<0 … readable−1>` are there to be read. */
  readonly readable: number;
  /** Each request on a connection of its own, as `curl` makes it. */
  readonly freshConnections?: boolean;
}

export interface OpenLoopKind {
  readonly name: string;
  /** POST: a copy of one of the readable files under `source`. */
  readonly method: 'PUT' | 'GET' | 'POST';
  readonly bytes: number;
  readonly prefix: string;
  readonly source?: string;
  readonly perSecond: number;
}

export interface OpenLoopAnswer {
  readonly kind: string;
  /** Path and query. */
  readonly target: string;
  /** When it was due, in milliseconds since the epoch. */
  readonly due: number;
  /** From then to the answer's end. */
  readonly ms: number;
  /** 0: the connection broke, or no answer came in time. */
  readonly status: number;
  readonly ok: boolean;
}

const timeoutMs = 15_000;
const plan = JSON.parse(process.argv[2] ?? '{}') as OpenLoopPlan;
const agent = plan.freshConnections ? false : new http.Agent({ keepAlive: true });
let sent = 0;

/** The answer's status, once all of it has come. */
function exchange(port: number, { method, bytes }: OpenLoopKind, path: string): Promise<number> {
  return new Promise((resolve) => {
    const length = method === 'PUT' ? { 'content-length': bytes } : {};
    const signal = AbortSignal.timeout(timeoutMs);
    const request = http.request({ port, method, path, headers: length, agent, signal });
    request.on('error', () => resolve(0));
    request.on('response', (response) => {
      response.on('error', () => resolve(0));
      response.on('end', () => resolve(response.statusCode ?? 0));
      response.resume();
    });
    request.end(method === 'PUT' ? Buffer.alloc(bytes, path) : undefined);
  });
}

function targetOf({ method, prefix, source }: OpenLoopKind, nth: number): string {
  const known = nth % plan.readable;
  const made = `${prefix}/${process.pid}-${nth}`;
  if (method === 'GET') return `${prefix}/${known}`;
  if (method === 'PUT') return made;
  return `/copy?source_path=${source}/${known}&destination_path=${made}`;
}

async function send(kind: OpenLoopKind): Promise<void> {
  const due = performance.timeOrigin + performance.now();
  const target = targetOf(kind, sent++);
  const status = await exchange(plan.port, kind, target);
  const ms = performance.timeOrigin + performance.now() - due;
  const ok = status === 200;
  const answer: OpenLoopAnswer = { kind: kind.name, target, due, ms, status, ok };
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

const underWay = new Set<Promise<void>>();

function begin(kind: OpenLoopKind): void {
  const sending = send(kind).finally(() => underWay.delete(sending));
  underWay.add(sending);
}

const timers = plan.kinds.map((kind) => setInterval(() => begin(kind), 1000 / kind.perSecond));
process.stdin.on('end', async () => {
  for (const timer of timers) clearInterval(timer);
  // What hangs is what matters: each is waited for, as long as it may take.
  await Promise.all(underWay);
  process.exit(0);
});
process.stdin.resume();

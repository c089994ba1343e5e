/**
 * A process of its own that sends requests at fixed moments, whether or not earlier ones have been
 * answered, so that waiting in a queue counts. Prints a line of JSON for each answer; ends when its
 * stdin does.
 *
 *   node bench/load/open-loop.ts '{"port":8080,"perSecond":20,"kinds":[…],"readable":100}'
 */
import http from 'node:http';

export interface OpenLoopPlan {
  readonly port: number;
  readonly kinds: readonly OpenLoopKind[];
  /** Files `<prefix of the kind>/<0 … readable−1>` are there to be read. */
  readonly readable: number;
}

export interface OpenLoopKind {
  readonly name: string;
  readonly method: 'PUT' | 'GET';
  readonly bytes: number;
  readonly prefix: string;
  readonly perSecond: number;
}

export interface OpenLoopAnswer {
  readonly kind: string;
  /** When it was due, in milliseconds since the epoch. */
  readonly due: number;
  /** From then to the answer's end. */
  readonly ms: number;
  readonly ok: boolean;
}

const timeoutMs = 15_000;
const agent = new http.Agent({ keepAlive: true });

function exchange(port: number, { method, bytes }: OpenLoopKind, path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const length = method === 'PUT' ? { 'content-length': bytes } : {};
    const signal = AbortSignal.timeout(timeoutMs);
    const request = http.request({ port, method, path, headers: length, agent, signal });
    request.on('error', () => resolve(false));
    request.on('response', (response) => {
      response.on('error', () => resolve(false));
      response.on('end', () => resolve(response.statusCode === 200));
      response.resume();
    });
    request.end(method === 'PUT' ? Buffer.alloc(bytes, path) : undefined);
  });
}

const plan = JSON.parse(process.argv[2] ?? '{}') as OpenLoopPlan;
let sent = 0;

async function send(kind: OpenLoopKind): Promise<void> {
  const due = performance.timeOrigin + performance.now();
  const nth = sent++;
  const file = kind.method === 'PUT' ? `${process.pid}-${nth}` : String(nth % plan.readable);
  const ok = await exchange(plan.port, kind, `${kind.prefix}/${file}`);
  const ms = performance.timeOrigin + performance.now() - due;
  const answer: OpenLoopAnswer = { kind: kind.name, due, ms, ok };
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

for (const kind of plan.kinds) setInterval(() => void send(kind), 1000 / kind.perSecond);
process.stdin.on('end', () => process.exit(0)).resume();

/**
 * Sends a front door requests that are nearly right. Whatever they are, it answers within a bound,
 * in HTTP and with a documented code, or ends the connection; and a file that none of them names
 * stays what it was. Each input is made of a number of its own, which makes it again.
 */
import assert from 'node:assert/strict';
import { RawConnection, rawRequest } from '../support/raw-http.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { sideBySide } from '../support/side-by-side.ts';
import { checkAnswer, parseAnswers } from './http-answers.ts';
import { mutatedRequest } from './http-mutations.ts';
import { fixture } from './http-seeds.ts';

/** How the client goes on when it has sent all: it says so, breaks off, or just waits. */
export type Ending = 'finish' | 'reset' | 'stay';

export interface FuzzedRequest {
  readonly seed: number;
  /** Sent one by one. */
  readonly pieces: readonly Buffer[];
  readonly ending: Ending;
}

export interface HttpFuzzing {
  readonly port: number;
  /** Of the first input; each has the next. */
  readonly seed: number;
  readonly inputs: number;
  readonly endings: readonly Ending[];
  readonly waitMs: number;
  /** After every few inputs; throws when there is harm. */
  readonly lookAround?: () => Promise<void>;
}

/** How often each status was answered; under 0, how often nothing was. */
export type Statuses = Map<number, number>;

const atATime = 64;
const looksEvery = 500;

export function makeRequest(seed: number, endings: readonly Ending[]): FuzzedRequest {
  const random = new SeededRandom(seed);
  const bytes = mutatedRequest(random);
  const cut = random.fraction() < 0.5 ? bytes.length : random.between(0, bytes.length);
  const pieces = [bytes.subarray(0, cut), bytes.subarray(cut)].filter(({ length }) => length > 0);
  return { seed, pieces, ending: random.oneOf(endings) };
}

export async function fuzzHttp(fuzzing: HttpFuzzing): Promise<Statuses> {
  const { port, seed, inputs, endings, waitMs, lookAround } = fuzzing;
  const statuses: Statuses = new Map();
  const kept = await keepFile(port, seed);
  await rawRequest(port, putOf(fixture.path, fixture.body));
  for (let begun = 0; begun < inputs; begun += looksEvery) {
    const seeds = Array.from(
      { length: Math.min(looksEvery, inputs - begun) },
      (_, n) => seed + begun + n,
    );
    await sideBySide(seeds, atATime, (each) =>
      sendAndCheck(makeRequest(each, endings), port, waitMs, statuses),
    );
    try {
      await kept();
      await lookAround?.();
    } catch (error) {
      throw new Error(`after the inputs ${seeds[0]} to ${seeds.at(-1)}`, { cause: error });
    }
  }
  return statuses;
}

const putOf = (path: string, body: string): string =>
  `PUT ${path} HTTP/1.1\r\nHost: h\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

/** A file that no input knows of. Returns what asserts that it is whole. */
async function keepFile(port: number, seed: number): Promise<() => Promise<void>> {
  const path = `/kept-${seed.toString(36)}/${process.pid}`;
  const body = `kept through ${seed}`;
  assert.equal((await rawRequest(port, putOf(path, body))).status, 200);
  return async () => {
    const { status, body: found } = await rawRequest(
      port,
      `GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n`,
    );
    assert.equal(`${status} ${found}`, `200 ${body}`);
  };
}

async function sendAndCheck(
  request: FuzzedRequest,
  port: number,
  waitMs: number,
  statuses: Statuses,
): Promise<void> {
  const { seed, pieces, ending } = request;
  const sent = Buffer.concat(pieces);
  try {
    const answers = parseAnswers(await converse(request, port, waitMs), sent.includes('HEAD '));
    for (const answer of answers) checkAnswer(answer);
    for (const status of answers.length === 0 ? [0] : answers.map(({ status }) => status)) {
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  } catch (error) {
    const text = JSON.stringify(sent.toString('latin1'));
    const told = `${pieces.map(({ length }) => length).join(' + ')} bytes, then ${ending}`;
    const again = `DFTFS_SEED=${seed} makes this the first input again`;
    throw new Error(`${(error as Error).message}\n${again} (${told}):\n${text}`, { cause: error });
  }
}

/** All that the door sends until the connection's end. */
async function converse(
  { pieces, ending }: FuzzedRequest,
  port: number,
  waitMs: number,
): Promise<Buffer> {
  const connection = new RawConnection(port, '127.0.0.1', waitMs);
  try {
    for (const piece of pieces) {
      connection.send(piece);
      await new Promise(setImmediate);
    }
    if (ending === 'reset') {
      connection.socket.resetAndDestroy();
      return Buffer.alloc(0);
    }
    if (ending === 'finish') connection.finish();
    return await connection.rest();
  } finally {
    connection.close();
  }
}

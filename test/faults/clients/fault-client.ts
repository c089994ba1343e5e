/**
 * A client in times of trouble: one request after another, each at a door of its choice, tried
 * again under the same key when it isn't told what became of it. A part of its names is fought
 * over with other clients, the others are its own and written once.
 */
import type { Call, Result } from '../../checks/history.ts';
import { seededBytes } from '../../support/every-endpoint.ts';
import { type HttpAnswer, httpCall } from '../../support/http-call.ts';
import type { SeededRandom } from '../../support/seeded-random.ts';
import type { Ledger, OnceFile } from './ledger.ts';

export interface FaultClientDeps {
  readonly name: string;
  /** The front door first. */
  readonly doors: readonly string[];
  readonly random: SeededRandom;
  readonly ledger: Ledger;
  readonly fileBytesMax: number;
}

interface Request {
  readonly call: Call;
  readonly method: string;
  readonly target: string;
  readonly body?: Buffer;
  readonly key?: string;
}

/** Names that are fought over; copies and moves stay within a pair. */
const hotPairs = 8;
const triesMax = 3;
/** At a door of its own a node that stands still holds its clients up. */
const frontDoorShare = 0.9;
const timeoutMs = 8000;
/** Nobody was asked. */
const notSent = /ECONNREFUSED/;

export class FaultClient {
  readonly #deps: FaultClientDeps;
  readonly #own: OnceFile[] = [];

  constructor(deps: FaultClientDeps) {
    this.#deps = deps;
  }

  async step(): Promise<void> {
    const { random } = this.#deps;
    const dice = random.fraction();
    if (dice < 0.3) await this.#putOnce();
    else if (dice < 0.42) await this.#getOnce();
    else if (dice < 0.47) await this.#removeOnce();
    else await this.#fight(random.fraction());
  }

  async #putOnce(): Promise<void> {
    const { random, ledger, fileBytesMax } = this.#deps;
    const path = `${ledger.folder}/once/${ledger.newNumber()}`;
    const size =
      random.fraction() < 0.8 ? random.between(0, 20_000) : random.between(0, fileBytesMax);
    const file = { path, seed: path, size, key: `put${path}` };
    const result = await this.#settle(this.#putOf(path, file));
    if (result.kind === 'done') this.#own.push(file);
    if (result.kind === 'done') ledger.once.acknowledged.push(file);
    else ledger.once.unknown.push(file);
  }

  async #getOnce(): Promise<void> {
    const file = this.#own.at(this.#deps.random.between(-20, -1));
    if (file !== undefined) await this.#try(getOf(file.path));
  }

  async #removeOnce(): Promise<void> {
    const { random, ledger } = this.#deps;
    const [file] = this.#own.splice(random.between(0, this.#own.length), 1);
    if (file === undefined) return;
    const acknowledged = ledger.once.acknowledged;
    acknowledged.splice(acknowledged.indexOf(file), 1);
    const { kind } = await this.#settle(removalOf(file.path, `remove${file.path}`));
    ledger.removed[kind === 'unknown' ? 'unknown' : 'acknowledged'].push(file);
  }

  async #fight(dice: number): Promise<void> {
    const { random, ledger } = this.#deps;
    const pair = random.between(1, hotPairs);
    const [path, to] = random.fraction() < 0.5 ? ['a', 'b'] : ['b', 'a'];
    const folder = `${ledger.folder}/hot/${pair}`;
    const [from, other] = [`${folder}/${path}`, `${folder}/${to}`];
    const key = `hot-${ledger.newNumber()}`;
    if (dice < 0.28) {
      const size = random.between(1000, 5000);
      await this.#settle(this.#putOf(from, { path: from, seed: key, size, key }));
    } else if (dice < 0.52) await this.#try(getOf(from));
    else if (dice < 0.64) await this.#try(existsOf(from));
    else if (dice < 0.84) await this.#settle(removalOf(from, key));
    else await this.#settle(transferOf(dice < 0.92 ? 'copy' : 'move', from, other, key));
  }

  #putOf(path: string, { seed, size, key }: OnceFile): Request {
    const body = seededBytes(seed, size);
    this.#deps.ledger.learn(seed, body);
    return {
      call: { verb: 'create', path, value: seed, request: key },
      ...{ method: 'PUT', target: path, body, key },
    };
  }

  /** Asks until it is told, a few times at most. */
  async #settle(request: Request): Promise<Result> {
    let result: Result = { kind: 'unknown' };
    for (let tries = 0; tries < triesMax && result.kind === 'unknown'; tries++) {
      result = await this.#try(request);
    }
    return result;
  }

  async #try(request: Request): Promise<Result> {
    const { name, ledger } = this.#deps;
    const calledAt = performance.now();
    const answer = await this.#send(request);
    const result = this.#resultOf(request, answer);
    if (result === undefined) return { kind: 'unknown' };
    ledger.note(name, request.call, result, calledAt);
    return result;
  }

  async #send({ method, target, body, key }: Request): Promise<HttpAnswer | Error> {
    const headers = key === undefined ? {} : { 'idempotency-key': key };
    const options = { headers, timeoutMs, ...(body === undefined ? {} : { body }) };
    try {
      return await httpCall(method, this.#door() + target, options);
    } catch (error) {
      return error as Error;
    }
  }

  /** Undefined: nothing has happened, for sure. */
  #resultOf({ call }: Request, answer: HttpAnswer | Error): Result | undefined {
    if (answer instanceof Error) {
      return notSent.test(String(answer)) ? undefined : { kind: 'unknown' };
    }
    const { ledger } = this.#deps;
    const { status, body } = answer;
    ledger.met(status);
    if (status === 200) return this.#successOf(call, body);
    if (status === 404) return { kind: 'missing' };
    if (status === 409) return { kind: 'taken' };
    const said = `${call.verb} ${call.path}: ${status} ${body.subarray(0, 300)}`;
    if (status < 500 || status === 500) ledger.wrong.push(said);
    return /"outcome":"none"/.test(body.toString()) ? undefined : { kind: 'unknown' };
  }

  #successOf({ verb }: Call, body: Buffer): Result {
    if (verb === 'get') return { kind: 'done', value: this.#deps.ledger.nameOf(body) };
    if (verb === 'exists' && body.toString() === '0') return { kind: 'missing' };
    return { kind: 'done' };
  }

  #door(): string {
    const { random, doors } = this.#deps;
    const [front = ''] = doors;
    return random.fraction() < frontDoorShare ? front : random.oneOf(doors);
  }
}

const getOf = (path: string): Request => ({
  call: { verb: 'get', path },
  ...{ method: 'GET', target: path },
});

const existsOf = (path: string): Request => ({
  call: { verb: 'exists', path },
  ...{ method: 'GET', target: `/exists?path=${path}` },
});

const removalOf = (path: string, key: string): Request => ({
  call: { verb: 'remove', path, request: key },
  ...{ method: 'DELETE', target: path, key },
});

const transferOf = (verb: 'copy' | 'move', path: string, to: string, key: string): Request => ({
  call: { verb, path, to, request: key },
  ...{ method: 'POST', target: `/${verb}?source_path=${path}&destination_path=${to}`, key },
});

/**
 * A client of the front door, as `curl` would be: each request on a connection of its own, at a
 * calm pace. It knows the one right answer to each of its requests. What broke off with the very
 * process that held it is asked again, with the same Idempotency-Key; any other answer but the
 * right one is a broken promise.
 */
import assert from 'node:assert/strict';
import { ask, copyOf, read, upload } from '../test/support/busy-door.ts';
import { httpCall } from '../test/support/http-call.ts';
import type { SeededRandom } from '../test/support/seeded-random.ts';
import type { Harms } from './harms.ts';
import type { Ledger } from './ledger.ts';
import type { Outcome, Tally } from './tally.ts';

export interface DemoClientDeps {
  readonly url: string;
  /** New names are made under it. */
  readonly folder: string;
  readonly random: SeededRandom;
  readonly ledger: Ledger;
  readonly harms: Harms;
  readonly tally: Tally;
  /** Of an answer that wasn't right. */
  readonly complain: (text: string) => void;
}

/** In a row, of one request: two processes at most die at once. */
const cutsMax = 3;
/** Answers that say something certain; whatever else is none. */
const certain = ['whole', 'absent', 'acknowledged', 'refused', '1', '0'] as const;
type Certain = (typeof certain)[number];

export class DemoClient {
  readonly #deps: DemoClientDeps;
  #names = 0;

  constructor(deps: DemoClientDeps) {
    this.#deps = deps;
  }

  async step(): Promise<void> {
    const dice = this.#deps.random.fraction();
    if (dice < 0.08) await this.#put();
    else if (dice < 0.14) await this.#copy();
    else if (dice < 0.17) await this.#putOnTaken();
    else if (dice < 0.2) await this.#copyOfNothing();
    else if (dice < 0.24) await this.#exists(this.#newName(), '0');
    else if (dice < 0.55) await this.#exists(this.#oneFile().path, '1');
    else await this.#get();
  }

  async #put(): Promise<void> {
    const file = upload(this.#newName(), sizeOf(this.#deps.random));
    const isDone = await this.#request(`put ${file.path}`, 'acknowledged', (url) => ask(file, url));
    if (isDone) this.#deps.ledger.acknowledge(file);
  }

  async #copy(): Promise<void> {
    const file = copyOf(this.#oneFile(), this.#newName());
    const isDone = await this.#request(`copy to ${file.path}`, 'acknowledged', (url) =>
      ask(file, url),
    );
    if (isDone) this.#deps.ledger.acknowledge(file);
  }

  async #get(): Promise<void> {
    const file = this.#oneFile();
    await this.#request(`get ${file.path}`, 'whole', (url) => read(file, url));
  }

  async #exists(path: string, right: '0' | '1'): Promise<void> {
    await this.#request(`exists ${path}`, right, async (url) => {
      const { status, body } = await httpCall('GET', `${url}/exists?path=${path}`);
      return status === 200 ? String(body) : `${status} ${body}`;
    });
  }

  async #putOnTaken(): Promise<void> {
    const { path } = this.#oneFile();
    const isDone = await this.#refused(`put on taken ${path}`, 409, 'PUT', path, 'other bytes');
    if (isDone) this.#deps.ledger.refuse();
  }

  async #copyOfNothing(): Promise<void> {
    const name = this.#newName();
    const target = `/copy?source_path=${this.#newName()}&destination_path=${name}`;
    if (await this.#refused('copy of nothing', 404, 'POST', target)) this.#deps.ledger.refuse(name);
  }

  #refused(what: string, refusal: number, method: string, target: string, body?: string) {
    const headers = { 'idempotency-key': `refused${this.#newName()}` };
    const options = body === undefined ? { headers } : { headers, body };
    return this.#request(what, 'refused', async (url) => {
      const { status } = await httpCall(method, url + target, options);
      assert.ok(status === refusal || status >= 500, `${what} was answered ${status}`);
      return status === refusal ? 'refused' : String(status);
    });
  }

  /** True: the right answer came. */
  async #request(
    what: string,
    right: Certain,
    send: (url: string) => Promise<string>,
  ): Promise<boolean> {
    const { url, tally, complain } = this.#deps;
    for (let cuts = 0; ; cuts++) {
      const beganMs = performance.now();
      const { outcome, answer } = await this.#outcome(right, () => send(url), beganMs);
      const endedMs = performance.now();
      const judged = outcome === 'cut' && cuts === cutsMax ? 'failed' : outcome;
      tally.add(judged, endedMs - beganMs, endedMs);
      if (judged === 'failed' || judged === 'wrong') complain(`${what}: ${answer}`);
      if (judged !== 'cut') return judged === 'right';
    }
  }

  async #outcome(
    right: Certain,
    send: () => Promise<string>,
    beganMs: number,
  ): Promise<{ outcome: Outcome; answer: string }> {
    let answer: string;
    try {
      answer = await send();
    } catch (error) {
      answer = String(error);
      if (error instanceof assert.AssertionError) return { outcome: 'wrong', answer };
    }
    if (answer === right) return { outcome: 'right', answer };
    if ((certain as readonly string[]).includes(answer)) return { outcome: 'wrong', answer };
    const wasAnswered = /^\d{3}\b/.test(answer);
    const request = { beganMs, endedMs: performance.now(), wasAnswered };
    return { outcome: this.#deps.harms.mayHaveCut(request) ? 'cut' : 'failed', answer };
  }

  #oneFile() {
    return this.#deps.random.oneOf(this.#deps.ledger.acknowledged);
  }

  #newName(): string {
    return `${this.#deps.folder}/${this.#names++}`;
  }
}

/** Mostly small, for there are many of them; some large enough to be cut into shards. */
const sizeOf = (random: SeededRandom): number =>
  random.fraction() < 0.9 ? random.between(0, 16_000) : random.between(300_000, 700_000);

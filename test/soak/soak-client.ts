/**
 * A client that puts, reads, copies, moves, lists and removes files of its own, one request after
 * another, each at a door of its choice, and holds every answer against what it was told before.
 * An answer that can't be right is an AssertionError.
 */
import assert from 'node:assert/strict';
import { read } from '../support/busy-door.ts';
import { seededBytes } from '../support/every-endpoint.ts';
import { httpCall } from '../support/http-call.ts';
import type { SeededRandom } from '../support/seeded-random.ts';
import {
  type Change,
  type Content,
  copyTo,
  KnownFiles,
  moveOf,
  putOf,
  removalOf,
} from './known-files.ts';

export interface SoakClientDeps {
  readonly folder: string;
  /** The front door and each node's own. */
  readonly doors: readonly string[];
  readonly random: SeededRandom;
  /** What is asked, before it is sent, and what became of it. */
  readonly note: (entry: Readonly<Record<string, unknown>>) => void;
}

const filesMin = 15;
const filesMax = 40;
/** Refused connections: nobody was asked. */
const notSent = /ECONNREFUSED/;

/** A status, or that there is none. */
type Answer = number | 'unsent' | 'unanswered';

interface Write {
  readonly change: Change;
  readonly method: string;
  readonly target: string;
  readonly body?: Buffer;
}

export class SoakClient {
  readonly known = new KnownFiles();
  readonly counts = { acknowledged: 0, refused: 0, unknown: 0, read: 0, unread: 0 };
  readonly #deps: SoakClientDeps;
  #names = 0;

  constructor(deps: SoakClientDeps) {
    this.#deps = deps;
  }

  async step(): Promise<void> {
    const { present, open } = this.known;
    const dice = this.#deps.random.fraction();
    if (present.size < filesMin) await this.#put();
    else if (open.length > 0 && dice < 0.05) await this.#settle(this.#deps.random.oneOf(open));
    else if (dice < 0.4) await this.#get();
    else if (dice < 0.45) await this.#list();
    else if (dice < 0.5) await this.#readRemoved();
    else if (dice < 0.6) await this.#move();
    else if (present.size >= filesMax || dice < 0.78) await this.#remove();
    else if (dice < 0.86) await this.#copy();
    else await this.#put();
  }

  /** Whether an open change has happened; one that may still happen stays open. */
  async #settle(change: Change): Promise<void> {
    const found = await this.observe(change);
    if (found === 'after') this.known.settled(change);
    const [path] = change.before.keys();
    if (found !== 'before' || change.kind !== 'remove' || path === undefined) return;
    const answer = await this.#send('DELETE', path);
    if (answer === 200 || answer === 404) this.known.settled(change);
  }

  /** Undefined: not all could be read. A move may happen between two looks, once. */
  async observe(change: Change): Promise<'before' | 'after' | undefined> {
    for (let look = 0; look < 2; look++) {
      const isThere = new Map<string, boolean>();
      for (const path of change.before.keys()) {
        const content = change.before.get(path) ?? change.after.get(path);
        const found = await this.#read(path, content as Content);
        if (found !== 'whole' && found !== 'absent') return undefined;
        isThere.set(path, found === 'whole');
      }
      for (const state of ['before', 'after'] as const) {
        const fits = [...change[state]].every(
          ([path, content]) => isThere.get(path) === (content !== undefined),
        );
        if (fits) return state;
      }
    }
    assert.fail(`${change.kind} of ${[...change.before.keys()]} happened by half`);
  }

  async #put(): Promise<void> {
    const path = this.#newPath();
    const content = { seed: path, size: sizeOf(this.#deps.random) };
    const body = seededBytes(path, content.size);
    await this.#write({ change: putOf(path, content), method: 'PUT', target: path, body });
  }

  async #copy(): Promise<void> {
    const [from, content] = this.#oneFile();
    const to = this.#newPath();
    const target = `/copy?source_path=${from}&destination_path=${to}`;
    await this.#write({ change: copyTo(to, content), method: 'POST', target });
  }

  async #move(): Promise<void> {
    const [from, content] = this.#oneFile();
    const to = this.#newPath();
    const target = `/move?source_path=${from}&destination_path=${to}`;
    await this.#write({ change: moveOf(from, to, content), method: 'POST', target });
  }

  async #remove(): Promise<void> {
    const [path, content] = this.#oneFile();
    await this.#write({ change: removalOf(path, content), method: 'DELETE', target: path });
  }

  async #get(): Promise<void> {
    const [path, content] = this.#oneFile();
    const found = await this.#read(path, content);
    assert.notEqual(found, 'absent', `${path} was acknowledged and is gone`);
    this.counts[found === 'whole' ? 'read' : 'unread'] += 1;
  }

  async #readRemoved(): Promise<void> {
    const removed = [...this.known.removed].slice(-1000);
    if (removed.length === 0) return;
    const path = this.#deps.random.oneOf(removed);
    const answer = await this.#send('GET', path);
    const isBack = typeof answer === 'number' && answer < 500 && answer !== 404;
    assert.ok(!isBack, `${path} is back: ${answer}`);
  }

  async #list(): Promise<void> {
    const target = `${this.#door()}/ls?recursive=true&path=${this.#deps.folder}`;
    let body: Buffer;
    try {
      const answer = await httpCall('GET', target);
      if (answer.status !== 200) return;
      body = answer.body;
    } catch {
      return;
    }
    const { entries } = JSON.parse(body.toString()) as { entries: { name: string }[] };
    const listed = new Set(entries.map(({ name }) => `${this.#deps.folder}/${name}`));
    const { present, doubtful } = this.known;
    const missing = [...present.keys()].filter((path) => !listed.has(path));
    const extra = [...listed].filter((path) => !present.has(path) && !doubtful.has(path));
    assert.deepEqual({ missing, extra }, { missing: [], extra: [] }, `ls of ${this.#deps.folder}`);
  }

  /** Each write is valid by what is known: no refusal of it can be right. */
  async #write({ change, method, target, body }: Write): Promise<void> {
    const answer = await this.#send(method, target, body);
    const isLie = answer === 404 || answer === 409 || answer === 412;
    assert.ok(!isLie, `${method} ${target} was answered ${answer}`);
    if (answer === 200) {
      this.counts.acknowledged += 1;
      this.known.happened(change);
    } else if (answer === 'unsent' || (answer !== 'unanswered' && answer < 500)) {
      this.counts.refused += 1;
    } else {
      this.counts.unknown += 1;
      this.known.unknown(change);
    }
  }

  async #send(method: string, target: string, body?: Buffer): Promise<Answer> {
    const door = this.#door();
    const { note } = this.#deps;
    note({ method, target, door, bytes: body?.length });
    let answer: Answer;
    try {
      answer = (await httpCall(method, door + target, body === undefined ? {} : { body })).status;
    } catch (error) {
      answer = notSent.test(String(error)) ? 'unsent' : 'unanswered';
    }
    note({ method, target, answer });
    return answer;
  }

  #read(path: string, content: Content): Promise<string> {
    return read({ path, ...content }, this.#door());
  }

  #door(): string {
    return this.#deps.random.oneOf(this.#deps.doors);
  }

  #oneFile(): [path: string, content: Content] {
    return this.#deps.random.oneOf([...this.known.present]);
  }

  #newPath(): string {
    return `${this.#deps.folder}/${this.#names++}`;
  }
}

function sizeOf(random: SeededRandom): number {
  const dice = random.fraction();
  if (dice < 0.6) return random.between(0, 64_000);
  return dice < 0.9 ? random.between(64_000, 1_000_000) : random.between(1_000_000, 6_000_000);
}

/** A client: one request after another, to any node, and again when no answer came. */
import { crc32 } from 'node:zlib';
import { DftfsError } from '#base/errors.ts';
import type { FileEntry } from '#namespace/records.ts';
import type { Call, Result } from '../checks/history.ts';
import { type Content, contentName, contentOf } from './content.ts';
import { type Answer, type FrontDoor, type Visit, visit } from './front-door.ts';
import type { Recorder } from './recorder.ts';
import type { SimNode } from './sim-node.ts';
import type { Truth } from './truth.ts';
import type { Dice } from './world/dice.ts';
import type { SimProcess } from './world/process.ts';

export interface ClientParts {
  readonly door: FrontDoor;
  readonly nodes: readonly SimNode[];
  readonly recorder: Recorder;
  readonly dice: Dice;
  readonly truth: Truth;
}

const triesMax = 4;
const retryShare = 0.7;
const retryPauseMsMax = 500;
const chunkBytes = 64 * 1024;
/** Uploads of clients behind a slow line. */
const slowUploadShare = 0.1;
const slowChunkMsMax = 1000;
/** Uploads that break off in the middle. */
const brokenUploadShare = 0.02;
const rangeShare = 0.1;

interface Got {
  readonly entry: FileEntry | undefined;
  readonly value: string | undefined;
}

export class Client {
  readonly name: string;
  readonly #parts: ClientParts;
  #requests = 0;

  constructor(name: string, parts: ClientParts) {
    this.name = name;
    this.#parts = parts;
  }

  newContent(size: number): Content {
    const { recorder } = this.#parts;
    const content = contentOf(recorder.newContentNumber(), size);
    recorder.contents.set(content.value, content);
    return content;
  }

  create(path: string, content: Content): Promise<Result> {
    const { dice } = this.#parts;
    const request = this.#newRequest();
    const call: Call = { verb: 'create', path, value: content.value, request };
    return this.#insist(call, (inside) => {
      const breaksAt = dice.chance(brokenUploadShare) ? dice.whole(0, content.size) : undefined;
      const body = this.#upload(content.bytes(), inside.process, breaksAt);
      return this.#put(inside, path, body, request);
    });
  }

  get(path: string, node?: SimNode): Promise<Result> {
    const { recorder, dice } = this.#parts;
    const isRange = node === undefined && dice.chance(rangeShare);
    const act = (inside: Visit) => this.#download(inside, path, isRange);
    const call: Call = { verb: 'get', path };
    return recorder.record(
      this.name,
      call,
      () => this.#ask(act, node),
      ({ value }) => value,
    );
  }

  exists(path: string): Promise<Result> {
    const { recorder } = this.#parts;
    const act = async ({ files, signal }: Visit) => {
      const entry = await files.lookup(path, { signal });
      if (entry === undefined) throw notFound(path);
    };
    return recorder.record(this.name, { verb: 'exists', path }, () => this.#ask(act));
  }

  remove(path: string): Promise<Result> {
    const request = this.#newRequest();
    return this.#insist({ verb: 'remove', path, request }, ({ files, signal }) =>
      files.remove(path, request, { signal }),
    );
  }

  transfer(verb: 'copy' | 'move', path: string, to: string): Promise<Result> {
    const request = this.#newRequest();
    return this.#insist({ verb, path, to, request }, ({ files, signal }) =>
      files[verb](path, to, request, { signal }),
    );
  }

  #newRequest(): string {
    this.#requests += 1;
    return `${this.name}-${this.#requests}`;
  }

  /** Tries of one request are operations of their own: each may have happened. */
  async #insist(call: Call, act: (inside: Visit) => Promise<unknown>): Promise<Result> {
    const { recorder, dice, door } = this.#parts;
    let result: Result = { kind: 'unknown' };
    for (let tries = 0; tries < triesMax && result.kind === 'unknown'; tries++) {
      if (tries > 0) await door.scheduler.sleep(dice.between(1, retryPauseMsMax));
      result = await recorder.record(this.name, call, () => this.#ask(act));
      if (!dice.chance(retryShare)) break;
    }
    return result;
  }

  #ask<T>(act: (inside: Visit) => Promise<T>, node?: SimNode): Promise<Answer<T>> {
    const { door, nodes, dice } = this.#parts;
    return visit(door, node ?? dice.oneOf(nodes), act);
  }

  /** The body as it comes in, in pieces. */
  async *#upload(
    bytes: Buffer,
    process: SimProcess,
    breaksAt: number | undefined,
  ): AsyncGenerator<Buffer> {
    const { dice } = this.#parts;
    const chunkMsMax = dice.chance(slowUploadShare) ? slowChunkMsMax : 3;
    for (let at = 0; at < bytes.length; at += chunkBytes) {
      await process.timers.sleep(dice.skewed(0.1, chunkMsMax));
      if (breaksAt !== undefined && at + chunkBytes > breaksAt) {
        throw new DftfsError('upload_incomplete', 'The client has gone.');
      }
      yield Buffer.from(bytes.subarray(at, at + chunkBytes));
    }
  }

  /** As the HTTP door does: large bodies aren't taken before it is known that the path is free. */
  async #put(
    { files, signal }: Visit,
    path: string,
    body: AsyncIterable<Buffer>,
    idempotencyKey: string,
  ): Promise<void> {
    const options = { contentType: 'application/octet-stream', metadata: {}, idempotencyKey };
    if ((await files.checkAbsent(path, idempotencyKey, { signal })) !== undefined) return;
    const { entry, repeated } = await files.put(path, body, options, { signal });
    const lack = repeated ? undefined : await this.#parts.truth.lackOf([entry]);
    if (lack !== undefined) this.#parts.recorder.fail('acknowledged too early', `${path}: ${lack}`);
  }

  async #download(inside: Visit, path: string, isRange: boolean): Promise<Got> {
    const { files, signal, process } = inside;
    const { dice, recorder } = this.#parts;
    const entry = await files.lookup(path, { signal });
    if (entry === undefined) throw notFound(path);
    const { size } = entry.record;
    const start = isRange ? dice.whole(0, size) : 0;
    const end = isRange ? dice.whole(start, size) : size;
    const chunks: Buffer[] = [];
    for await (const chunk of files.read(entry, { start, end }, { signal })) {
      chunks.push(chunk);
      await process.timers.sleep(dice.skewed(0.01, 1));
    }
    const bytes = Buffer.concat(chunks);
    const value = contentName(size, isRange ? entry.record.crc : crc32(bytes));
    const expected = recorder.contents.get(value)?.bytes().subarray(start, end);
    if (expected === undefined || !expected.equals(bytes)) {
      recorder.fail('wrong bytes', `${path} from ${start} to ${end}, of ${value}`);
    }
    return { entry, value };
  }
}

const notFound = (path: string): DftfsError =>
  new DftfsError('path_not_found', `No file has the path ${path}.`, { path });

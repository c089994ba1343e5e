/**
 * `multipart/form-data` as a sequence of parts, one after the other, each with its bytes as they
 * come. Every part is a stream, whether it has a file name or not, so that no byte of it is
 * changed.
 */
import type { Readable } from 'node:stream';
import { Busboy, type BusboyInstance } from '@fastify/busboy';
import { DftfsError } from '#base/errors.ts';

export interface Part {
  readonly name: string;
  readonly fileName: string | undefined;
  readonly contentType: string;
  /** Must be taken, or left, before the next part is asked for. */
  readonly content: AsyncIterable<Buffer>;
}

const limits = { parts: 100, headerPairs: 20, headerSize: 16 * 1024 };

export const isMultipart = (contentType: string | undefined): contentType is string =>
  contentType !== undefined && /^multipart\/form-data\b/i.test(contentType.trim());

const malformed = (cause: unknown): DftfsError =>
  cause instanceof DftfsError
    ? cause
    : new DftfsError('invalid_argument', 'The multipart form is malformed.', { cause });

interface Pending extends Part {
  readonly stream: Readable;
}

/** Ends only after the whole body, the form's end included, has been seen. */
export async function* readParts(
  body: AsyncIterable<Buffer>,
  contentType: string,
): AsyncGenerator<Part, void, void> {
  const form = new PartQueue(contentType);
  const fed = form.feed(body);
  try {
    while (true) {
      const part = await form.next();
      if (!part) break;
      yield part;
      part.stream.resume();
    }
    await fed;
  } finally {
    form.stop();
  }
}

class PartQueue {
  readonly #parser: BusboyInstance;
  readonly #parts: Pending[] = [];
  #current: Readable | undefined;
  #over = false;
  #error: unknown;
  #wake: (() => void) | undefined;
  #resume: (() => void) | undefined;

  constructor(contentType: string) {
    this.#parser = createParser(contentType);
    this.#parser.on('file', (name, stream, fileName, _encoding, type) =>
      this.#add(name, stream, fileName, type),
    );
    this.#parser.on('partsLimit', () =>
      this.#fail(new DftfsError('too_large', `A form may have at most ${limits.parts} parts.`)),
    );
    this.#parser.on('error', (error) => this.#fail(error));
    this.#parser.on('finish', () => this.#finish());
  }

  async next(): Promise<Pending | undefined> {
    while (true) {
      if (this.#error !== undefined) throw malformed(this.#error);
      const part = this.#parts.shift();
      if (part) {
        this.#current = part.stream;
        return part;
      }
      if (this.#over) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Never rejects: what goes wrong shows where parts are taken. */
  async feed(body: AsyncIterable<Buffer>): Promise<void> {
    try {
      for await (const chunk of body) {
        if (this.#over || this.#error !== undefined) return;
        await new Promise<void>((resolve) => {
          this.#resume = resolve;
          this.#parser.write(chunk, () => resolve());
        });
      }
      this.#parser.end();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Nobody asks for more parts: the feeder may go. */
  stop(): void {
    this.#over = true;
    this.#resume?.();
    this.#current?.resume();
  }

  #add(name: string, stream: Readable, fileName: string | undefined, type: string): void {
    stream.on('error', (error) => this.#fail(error));
    const content = partContent(stream, () => this.#error);
    this.#parts.push({ name, fileName, contentType: type, content, stream });
    this.#wake?.();
  }

  #finish(): void {
    this.#over = true;
    this.#wake?.();
  }

  #fail(error: unknown): void {
    if (this.#error !== undefined) return;
    this.#error = error;
    this.#current?.destroy(malformed(error));
    this.#resume?.();
    this.#wake?.();
  }
}

async function* partContent(stream: Readable, failure: () => unknown): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of stream) yield chunk as Buffer;
  } catch (error) {
    throw malformed(failure() ?? error);
  }
  if (failure() !== undefined) throw malformed(failure());
}

function createParser(contentType: string): BusboyInstance {
  try {
    return new Busboy({
      headers: { 'content-type': contentType },
      limits,
      isPartAFile: () => true,
    });
  } catch (error) {
    throw malformed(error);
  }
}

/**
 * One local file, or stdin, under a name. What arrives is held against what was sent: small files
 * by the server before they get their name, large ones here by the checksum it gives back.
 */
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import type { PutInfo, PutOptions, Storage } from '#client/index.ts';
import { DamagedError } from '../exit-codes.ts';
import type { Transfer } from './progress.ts';

const MiB = 1024 * 1024;
const wholeBytesMax = 4 * MiB;
const chunkBytes = MiB;

export async function uploadFile(
  storage: Storage,
  file: string,
  path: string,
  transfer: Transfer,
  options: PutOptions,
): Promise<PutInfo> {
  const facts = await stat(file);
  const open = () => createReadStream(file, { highWaterMark: chunkBytes });
  // A pipe has no size, and can be read only once.
  if (!facts.isFile()) return uploadStream(storage, open(), path, transfer, options);
  if (facts.size <= wholeBytesMax) {
    const content = await readFile(file);
    const info = await storage.put(path, content, options);
    transfer.moved(content.length);
    return info;
  }
  const sent = new Sent(transfer);
  const source = () => sent.watch(open());
  return sent.check(await storage.putStream(path, source, options));
}

export async function uploadStream(
  storage: Storage,
  stream: AsyncIterable<Uint8Array>,
  path: string,
  transfer: Transfer,
  options: PutOptions,
): Promise<PutInfo> {
  const sent = new Sent(transfer);
  return sent.check(await storage.putStream(path, sent.watch(stream), options));
}

/** What went out. */
export class Sent {
  readonly #transfer: Transfer;
  #whole: { readonly size: number; readonly crc32: string } | undefined;
  #moved = 0;

  constructor(transfer: Transfer) {
    this.#transfer = transfer;
  }

  async *watch(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    this.#transfer.moved(-this.#moved);
    this.#moved = 0;
    let [size, crc] = [0, 0];
    for await (const chunk of content) {
      crc = crc32(chunk, crc);
      size += chunk.length;
      this.#moved = size;
      this.#transfer.moved(chunk.length);
      yield chunk;
    }
    // A later try may be answered before it has sent all again: this one is what counts.
    this.#whole = { size, crc32: crcText(crc) };
  }

  check(info: PutInfo): PutInfo {
    if (info.size === this.#whole?.size && info.crc32 === this.#whole.crc32) return info;
    throw new DamagedError(`${info.path} was stored with other bytes than were sent: remove it.`);
  }
}

export const crcText = (crc: number): string => crc.toString(16).padStart(8, '0');

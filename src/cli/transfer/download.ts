/**
 * One file of the cluster, into a file here. What has come lies in `NAME.<of the etag>.part`, so
 * that the next try goes on where this one broke off, and only if the file is still the same. It
 * gets its name when the checksum of all of it is right.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import {
  type Download,
  type FileInfo,
  PreconditionFailedError,
  type Storage,
} from '#client/index.ts';
import { DamagedError } from '../exit-codes.ts';
import { type Channel, writeAll } from '../terminal.ts';
import type { Transfer } from './progress.ts';
import { crcText } from './upload.ts';

const chunkBytes = 1024 * 1024;

export interface Downloaded {
  readonly info: FileInfo;
  /** Bytes that an earlier try had brought. */
  readonly resumedAt: number;
}

type Begin = (size: number) => Transfer;

export const partPath = (target: string, etag: string): string =>
  `${target}.${createHash('sha256').update(etag).digest('hex').slice(0, 12)}.part`;

export async function downloadFile(
  storage: Pick<Storage, 'getStream'>,
  path: string,
  target: string,
  begin: Begin,
  signal: AbortSignal,
): Promise<Downloaded> {
  const first = await storage.getStream(path, { signal });
  const { info } = first;
  const transfer = begin(info.size);
  let isDone = false;
  try {
    await mkdir(dirname(target), { recursive: true });
    const part = partPath(target, info.etag);
    const resumedAt = await sizeOf(part, info.size);
    const crc = await crcOfFile(part, resumedAt);
    transfer.moved(resumedAt);
    const rest = await restOf(storage, first, resumedAt, signal);
    const whole = await writeRest(part, resumedAt, crc, rest, transfer, signal);
    await finish(part, target, info, whole);
    isDone = true;
    return { info, resumedAt };
  } finally {
    first.cancel();
    transfer.ended(isDone);
  }
}

/** Undefined: all of it is there. */
async function restOf(
  storage: Pick<Storage, 'getStream'>,
  first: Download,
  start: number,
  signal: AbortSignal,
): Promise<Download | undefined> {
  if (start === 0) return first;
  first.cancel();
  const { path, size, etag } = first.info;
  if (start === size) return undefined;
  return storage.getStream(path, { start, ifMatch: etag, signal });
}

/** Of what an earlier try left; more than there can be counts for nothing. */
async function sizeOf(part: string, most: number): Promise<number> {
  const size = await stat(part).then(
    (facts) => facts.size,
    () => 0,
  );
  return size > most ? 0 : size;
}

async function crcOfFile(part: string, size: number): Promise<number> {
  let crc = 0;
  if (size === 0) return crc;
  for await (const chunk of createReadStream(part, { highWaterMark: chunkBytes, end: size - 1 })) {
    crc = crc32(chunk as Buffer, crc);
  }
  return crc;
}

interface Whole {
  readonly size: number;
  readonly crc: number;
}

async function writeRest(
  part: string,
  start: number,
  crcSoFar: number,
  rest: Download | undefined,
  transfer: Transfer,
  signal: AbortSignal,
): Promise<Whole> {
  const file = await open(part, start === 0 ? 'w' : 'r+');
  let [position, crc] = [start, crcSoFar];
  try {
    for await (const chunk of rest ?? []) {
      signal.throwIfAborted();
      await writeAt(file, chunk, position);
      position += chunk.length;
      crc = crc32(chunk, crc);
      transfer.moved(chunk.length);
    }
  } catch (error) {
    // The file was replaced: what has come is of no more use.
    if (error instanceof PreconditionFailedError) await rm(part, { force: true });
    throw error;
  } finally {
    await file.close();
  }
  return { size: position, crc };
}

async function writeAt(file: FileHandle, chunk: Buffer, position: number): Promise<void> {
  for (let done = 0; done < chunk.length; ) {
    done += (await file.write(chunk, done, chunk.length - done, position + done)).bytesWritten;
  }
}

async function finish(part: string, target: string, info: FileInfo, whole: Whole): Promise<void> {
  const damage = damageOf(info, whole);
  if (damage === undefined) return rename(part, target);
  await rm(part, { force: true });
  throw new DamagedError(damage);
}

function damageOf({ size, crc32: wanted, path }: FileInfo, whole: Whole): string | undefined {
  const isWhole = whole.size === size && (wanted ?? crcText(whole.crc)) === crcText(whole.crc);
  return isWhole ? undefined : `${path} came with other bytes than the cluster has: get it again.`;
}

/** The same, to a stream: what is wrong is told when it has gone out. */
export async function downloadTo(
  storage: Pick<Storage, 'getStream'>,
  path: string,
  channel: Channel,
  begin: Begin,
  signal: AbortSignal,
): Promise<FileInfo> {
  const download = await storage.getStream(path, { signal });
  const transfer = begin(download.info.size);
  const whole = { size: 0, crc: 0 };
  let isDone = false;
  try {
    for await (const chunk of download) {
      await writeAll(channel, chunk, signal);
      whole.size += chunk.length;
      whole.crc = crc32(chunk, whole.crc);
      transfer.moved(chunk.length);
    }
    isDone = true;
  } finally {
    transfer.ended(isDone);
  }
  const damage = damageOf(download.info, whole);
  if (damage !== undefined) throw new DamagedError(damage);
  return download.info;
}

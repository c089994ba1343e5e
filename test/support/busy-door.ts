/**
 * Clients that keep one node's own door busy with uploads, downloads and copies, until they are
 * told to end or it breaks under them, and know of each what may have become of it.
 */
import assert from 'node:assert/strict';
import { seededBytes } from './every-endpoint.ts';
import { BrokenAnswer, type HttpAnswer, httpCall } from './http-call.ts';
import type { SeededRandom } from './seeded-random.ts';

/** A file that a client has asked for. Its bytes can be made again at any time. */
export interface AskedFile {
  readonly path: string;
  readonly seed: string;
  readonly size: number;
  /** The request that makes it, always with the same Idempotency-Key. */
  send(door: string): Promise<HttpAnswer>;
}

/** Slower than this is as good as never. */
const bytesPerMsMin = 1000;

export const bytesOf = ({ seed, size }: Pick<AskedFile, 'seed' | 'size'>): Buffer =>
  seededBytes(seed, size);

export function upload(path: string, size: number): AskedFile {
  const headers = { 'idempotency-key': `put${path}` };
  const file = { path, seed: path, size };
  const timeoutMs = 10_000 + Math.ceil(size / bytesPerMsMin);
  return {
    ...file,
    send: (door) => httpCall('PUT', door + path, { body: bytesOf(file), headers, timeoutMs }),
  };
}

export function copyOf({ path: source, seed, size }: AskedFile, path: string): AskedFile {
  const headers = { 'idempotency-key': `copy${path}` };
  const target = `/copy?source_path=${source}&destination_path=${path}`;
  return { path, seed, size, send: (door) => httpCall('POST', door + target, { headers }) };
}

/**
 * 'acknowledged', or why that isn't known. No refusal is possible: the path is nobody else's, and
 * a source is there.
 */
export async function ask(file: AskedFile, door: string): Promise<string> {
  try {
    const { status, body } = await file.send(door);
    assert.ok(status === 200 || status >= 500, `a lie about ${file.path}: ${status} ${body}`);
    return status === 200 ? 'acknowledged' : `${status} ${body}`;
  } catch (error) {
    return reasonOf(error);
  }
}

/** 'whole', 'absent', or why that isn't known. */
export async function read(
  file: Omit<AskedFile, 'send'>,
  door: string,
  timeoutMs = 10_000,
): Promise<string> {
  const expected = bytesOf(file);
  try {
    const { status, body } = await httpCall('GET', door + file.path, { timeoutMs });
    if (status === 404) return 'absent';
    if (status >= 500) return `${status} ${body}`;
    assert.equal(status, 200, `get ${file.path}: ${status} ${body.subarray(0, 300)}`);
    assert.ok(body.equals(expected), `${file.path} has other bytes`);
    return 'whole';
  } catch (error) {
    if (error instanceof BrokenAnswer && error.answer.status === 200) {
      const { body } = error.answer;
      const begins = body.equals(expected.subarray(0, body.length));
      assert.ok(begins, `${file.path} has other bytes before it breaks off`);
    }
    return reasonOf(error);
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof assert.AssertionError) throw error;
  return String(error);
}

export interface Traffic {
  readonly acknowledged: AskedFile[];
  readonly unknown: { readonly file: AskedFile; readonly why: string }[];
  /** Downloads that came whole. */
  downloads: number;
  /** Why the others didn't. */
  readonly broken: string[];
}

export interface BusyDoorOptions {
  readonly door: string;
  /** New names are made under it. */
  readonly folder: string;
  /** Acknowledged ones, to read and to copy. */
  readonly known: readonly AskedFile[];
  readonly random: SeededRandom;
  /** Aborted: each client ends what it is at, and begins nothing more. */
  readonly end?: AbortSignal;
}

/** Resolves when every client has ended or met what it can't take for an answer. */
export async function keepBusy(options: BusyDoorOptions): Promise<Traffic> {
  const { door, folder, known, random, end } = options;
  const traffic: Traffic = { acknowledged: [], unknown: [], downloads: 0, broken: [] };
  let names = 0;
  const write = async (make: (path: string) => AskedFile) => {
    for (let isOpen = true; isOpen && !end?.aborted; ) {
      const file = make(`${folder}/${names++}`);
      const why = await ask(file, door);
      isOpen = why === 'acknowledged';
      if (isOpen) traffic.acknowledged.push(file);
      else traffic.unknown.push({ file, why });
    }
  };
  const download = async () => {
    for (let isOpen = true; isOpen && !end?.aborted; ) {
      const file = random.oneOf(known);
      const found = await read(file, door);
      assert.notEqual(found, 'absent', `${file.path} was acknowledged`);
      isOpen = found === 'whole';
      if (isOpen) traffic.downloads += 1;
      else traffic.broken.push(`${file.path}: ${found}`);
    }
  };
  await Promise.all([
    write((path) => upload(path, random.between(0, 100_000))),
    write((path) => upload(path, random.between(300_000, 3_000_000))),
    write((path) => copyOf(random.oneOf(known), path)),
    download(),
    download(),
  ]);
  return traffic;
}

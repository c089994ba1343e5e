/** One file from one cluster to another, with what is kept beside its bytes. */
import { PathExistsError, type PutInfo, type Storage } from '#client/index.ts';
import { DamagedError } from '../exit-codes.ts';
import type { Transfer } from './progress.ts';
import { Sent } from './upload.ts';

export interface Carrying {
  readonly path: string;
  readonly to: string;
  readonly transfer: Transfer;
  readonly signal: AbortSignal;
}

export async function carryFile(
  source: Storage,
  target: Storage,
  { path, to, transfer, signal }: Carrying,
): Promise<PutInfo> {
  const { etag, crc32, contentType, metadata } = await source.stat(path, { signal });
  // Else its bytes would be fetched in vain.
  if (await target.exists(to, { signal })) throw taken(to);
  const sent = new Sent(transfer);
  const content = async function* (): AsyncGenerator<Uint8Array> {
    yield* await source.getStream(path, { ifMatch: etag, signal });
  };
  const options = { contentType, metadata, signal };
  const info = sent.check(await target.putStream(to, () => sent.watch(content()), options));
  if (info.crc32 === crc32) return info;
  throw new DamagedError(`${to} has not the checksum that ${path} has: remove it.`);
}

const taken = (path: string): PathExistsError =>
  new PathExistsError(`There is a file ${path} already.`, { code: 'path_exists', path });

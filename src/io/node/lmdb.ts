/**
 * Databases of LMDB: a memory-mapped B-tree whose commits run on a thread. Keys and values are
 * bytes.
 *
 * `overlappingSync: false` is LMDB's own protocol: pages, fsync, then the meta page that makes them
 * the database, written through. A power cut leaves the last commit or the one before, never a
 * broken tree. The library's default (`overlappingSync`) flushes after the commit and after an
 * unclean end trusts the boot id to tell what was flushed; `noSync` may leave a broken tree and no
 * sign of it.
 *
 * What LMDB has no defence against is damage: its pages bear no checksums, and a broken one may
 * crash the process. Hence the look at the meta pages before it may map the file; who keeps values
 * here gives each a checksum.
 */
import fs from 'node:fs/promises';
import path from 'node:path';
import { open, type RootDatabase } from 'lmdb';

export type LmdbDatabase = RootDatabase<Buffer, Buffer>;

const pageBytes = 4096;
const dataFile = 'data.mdb';

/** Throws if what is in the folder can't be a whole database. One process at a time. */
export async function openLmdb(folder: string): Promise<LmdbDatabase> {
  await checkMetaPages(path.join(folder, dataFile));
  return open<Buffer, Buffer>({
    path: folder,
    pageSize: pageBytes,
    keyEncoding: 'binary',
    encoding: 'binary',
    overlappingSync: false,
    cache: false,
  });
}

/** Throws unless both meta pages are whole and no page is missing. */
async function checkMetaPages(file: string): Promise<void> {
  const handle = await fs.open(file).catch(() => undefined);
  if (handle === undefined) return;
  try {
    const { size } = await handle.stat();
    if (size === 0) return;
    const { buffer, bytesRead } = await handle.read(
      Buffer.alloc(2 * pageBytes),
      0,
      2 * pageBytes,
      0,
    );
    if (bytesRead < 2 * pageBytes) throw new Error('the database is cut off');
    for (const meta of [buffer.subarray(0, pageBytes), buffer.subarray(pageBytes)]) {
      const isMeta = meta.readUInt32LE(24) === 0xbeefc0de && meta.readUInt32LE(48) === pageBytes;
      if (!isMeta) throw new Error('the database has no sound meta page');
      const lastPage = meta.readBigUInt64LE(144);
      const root = meta.readBigUInt64LE(136);
      const none = 0xffff_ffff_ffff_ffffn;
      if (root !== none && root > lastPage) throw new Error('the database has no root');
      if ((lastPage + 1n) * BigInt(pageBytes) > BigInt(size))
        throw new Error('the database is cut off');
    }
  } finally {
    await handle.close();
  }
}

/** Says whose disk this is. A folder with segments and no superblock, or another's, is refused. */
import path from 'node:path';
import { crc32 } from 'node:zlib';
import type { Disk } from '#io/disk.ts';
import type { Random } from '#io/world.ts';

const format = 1;
const fileName = 'store.json';

export interface Superblock {
  readonly format: number;
  readonly clusterId: string;
  readonly nodeId: string;
  readonly diskId: string;
  /** Grows while the disk is in use: a copy of it that was taken earlier has a lower one. */
  readonly generation: number;
}

export interface Owner {
  readonly clusterId: string;
  readonly nodeId: string;
}

const refuse = (folder: string, what: string): never => {
  throw new Error(`The shard store in ${folder} can't be opened: ${what}.`);
};

function parse(folder: string, bytes: Buffer): Superblock {
  try {
    return JSON.parse(String(bytes));
  } catch {
    return refuse(folder, `${fileName} is not JSON`);
  }
}

/** The disk's own salt for the CRCs of its records. */
export const saltOf = ({ diskId }: Superblock): number => crc32(diskId);

const write = (disk: Disk, folder: string, superblock: Superblock): Promise<void> =>
  disk.writeWhole(
    path.join(folder, fileName),
    Buffer.from(`${JSON.stringify(superblock, null, 2)}\n`),
  );

/** The same disk one generation on; durable when resolved. */
export async function nextGeneration(
  disk: Disk,
  folder: string,
  superblock: Superblock,
): Promise<Superblock> {
  const next = { ...superblock, generation: superblock.generation + 1 };
  await write(disk, folder, next);
  return next;
}

/** Makes one where there is none, else takes it a generation on. */
export async function openSuperblock(
  deps: { readonly disk: Disk; readonly random: Random },
  folder: string,
  owner: Owner,
  expected: { readonly hasSegments: boolean; readonly mustExist: boolean },
): Promise<{ readonly superblock: Superblock; readonly isNew: boolean }> {
  const bytes = await deps.disk.readWhole(path.join(folder, fileName));
  if (bytes !== undefined) {
    const found = check(folder, owner, parse(folder, bytes));
    return { superblock: await nextGeneration(deps.disk, folder, found), isNew: false };
  }
  if (expected.hasSegments) refuse(folder, `it holds segments but no ${fileName}`);
  if (expected.mustExist) refuse(folder, 'it is empty; is its disk mounted?');
  const diskId = deps.random.bytes(16).toString('hex');
  const superblock = { format, ...owner, diskId, generation: 1 };
  await write(deps.disk, folder, superblock);
  return { superblock, isNew: true };
}

function check(folder: string, owner: Owner, found: Superblock): Superblock {
  if (found.format !== format) refuse(folder, `its format is ${found.format}, not ${format}`);
  if (found.clusterId !== owner.clusterId) {
    refuse(folder, `it belongs to cluster ${found.clusterId}, not ${owner.clusterId}`);
  }
  if (found.nodeId !== owner.nodeId) {
    refuse(folder, `it belongs to node ${found.nodeId}, not ${owner.nodeId}`);
  }
  if (!/^[0-9a-f]{32}$/.test(found.diskId)) refuse(folder, `${fileName} has no disk id`);
  if (!Number.isSafeInteger(found.generation)) refuse(folder, `${fileName} has no generation`);
  return found;
}

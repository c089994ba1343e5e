/** Says whose disk this is. A folder with segments and no superblock, or another's, is refused. */
import path from 'node:path';
import { crc32 } from 'node:zlib';
import type { Disk } from '#io/disk.ts';
import type { Random } from '#io/world.ts';

const format = 2;
const fileName = 'store.json';

export interface Owner {
  readonly clusterId: string;
  readonly nodeId: string;
}

export interface DiskIdentity {
  /** Of the folder's content: a wiped or replaced disk has another. */
  readonly diskId: string;
  /**
   * Grows with every opening and while the disk is in use: a copy of it that was taken earlier has
   * a lower one.
   */
  readonly generation: number;
  /** Made just now: it has never held a shard. */
  readonly isNew: boolean;
}

export interface Superblock extends Owner {
  readonly format: number;
  readonly diskId: string;
  readonly generation: number;
}

const refuse = (folder: string, what: string): never => {
  throw new Error(`The shard store in ${folder} can't be opened: ${what}.`);
};

/** With a wrong disk id every record would look like another disk's. */
const crcOf = ({ format, clusterId, nodeId, diskId, generation }: Superblock): number =>
  crc32(JSON.stringify([format, clusterId, nodeId, diskId, generation]));

function parse(folder: string, bytes: Buffer): Superblock & { readonly crc: number } {
  try {
    const found = JSON.parse(String(bytes));
    if (typeof found === 'object' && found !== null) return found;
  } catch {}
  return refuse(folder, damaged);
}

const damaged =
  `${fileName} is damaged. Put its content back, or move the folder away: ` +
  'then the node begins anew, and gets from the others what it should hold';

/** The disk's own salt for the CRCs of its records. */
export const saltOf = ({ diskId }: Superblock): number => crc32(diskId);

async function write(disk: Disk, folder: string, superblock: Superblock): Promise<void> {
  const content = JSON.stringify({ ...superblock, crc: crcOf(superblock) }, null, 2);
  await disk.writeWhole(path.join(folder, fileName), Buffer.from(`${content}\n`));
}

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
    const found = check(folder, owner, bytes);
    return { superblock: await nextGeneration(deps.disk, folder, found), isNew: false };
  }
  if (expected.hasSegments) refuse(folder, `it holds segments but no ${fileName}`);
  if (expected.mustExist) refuse(folder, 'it is empty; is its disk mounted?');
  const diskId = deps.random.bytes(16).toString('hex');
  const superblock = { format, ...owner, diskId, generation: 1 };
  await write(deps.disk, folder, superblock);
  return { superblock, isNew: true };
}

function check(folder: string, owner: Owner, bytes: Buffer): Superblock {
  const { crc, ...found } = parse(folder, bytes);
  if (found.format !== format) refuse(folder, `its format is ${found.format}, not ${format}`);
  if (crc !== crcOf(found)) refuse(folder, damaged);
  if (found.clusterId !== owner.clusterId) {
    refuse(folder, `it belongs to cluster ${found.clusterId}, not ${owner.clusterId}`);
  }
  if (found.nodeId !== owner.nodeId) {
    const hint = 'were disks swapped, or is it a copy of that node’s?';
    refuse(folder, `it belongs to node ${found.nodeId}, not ${owner.nodeId}; ${hint}`);
  }
  return found;
}

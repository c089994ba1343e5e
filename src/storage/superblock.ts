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
  /** Made just now: it has never held a shard. */
  readonly isNew: boolean;
}

interface Superblock extends Owner {
  readonly format: number;
  readonly diskId: string;
  readonly crc: number;
}

const refuse = (folder: string, what: string): never => {
  throw new Error(`The shard store in ${folder} can't be opened: ${what}.`);
};

/** With a wrong disk id every record would look like another disk's. */
const crcOf = ({ format, clusterId, nodeId, diskId }: Omit<Superblock, 'crc'>): number =>
  crc32(JSON.stringify([format, clusterId, nodeId, diskId]));

function parse(folder: string, bytes: Buffer): Superblock {
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
export const saltOf = ({ diskId }: DiskIdentity): number => crc32(diskId);

export async function openSuperblock(
  deps: { readonly disk: Disk; readonly random: Random },
  folder: string,
  owner: Owner,
  expected: { readonly hasSegments: boolean; readonly mustExist: boolean },
): Promise<DiskIdentity> {
  const file = path.join(folder, fileName);
  const bytes = await deps.disk.readWhole(file);
  if (bytes === undefined) {
    if (expected.hasSegments) refuse(folder, `it holds segments but no ${fileName}`);
    if (expected.mustExist) refuse(folder, 'it is empty; is its disk mounted?');
    const made = { format, ...owner, diskId: deps.random.bytes(16).toString('hex') };
    const content = JSON.stringify({ ...made, crc: crcOf(made) }, null, 2);
    await deps.disk.writeWhole(file, Buffer.from(`${content}\n`));
    return { diskId: made.diskId, isNew: true };
  }
  const found = parse(folder, bytes);
  if (found.format !== format) refuse(folder, `its format is ${found.format}, not ${format}`);
  if (found.crc !== crcOf(found)) refuse(folder, damaged);
  if (found.clusterId !== owner.clusterId) {
    refuse(folder, `it belongs to cluster ${found.clusterId}, not ${owner.clusterId}`);
  }
  if (found.nodeId !== owner.nodeId) {
    const hint = 'were disks swapped, or is it a copy of that node’s?';
    refuse(folder, `it belongs to node ${found.nodeId}, not ${owner.nodeId}; ${hint}`);
  }
  return { diskId: found.diskId, isNew: false };
}

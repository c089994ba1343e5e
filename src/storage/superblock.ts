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

export async function openSuperblock(
  deps: { readonly disk: Disk; readonly random: Random },
  folder: string,
  owner: Owner,
  expected: { readonly hasSegments: boolean; readonly mustExist: boolean },
): Promise<Superblock> {
  const file = path.join(folder, fileName);
  const bytes = await deps.disk.readWhole(file);
  if (bytes === undefined) {
    if (expected.hasSegments) refuse(folder, `it holds segments but no ${fileName}`);
    if (expected.mustExist) refuse(folder, 'it is empty; is its disk mounted?');
    const made: Superblock = { format, ...owner, diskId: deps.random.bytes(16).toString('hex') };
    await deps.disk.writeWhole(file, Buffer.from(`${JSON.stringify(made, null, 2)}\n`));
    return made;
  }
  const found = parse(folder, bytes);
  if (found.format !== format) refuse(folder, `its format is ${found.format}, not ${format}`);
  if (found.clusterId !== owner.clusterId) {
    refuse(folder, `it belongs to cluster ${found.clusterId}, not ${owner.clusterId}`);
  }
  if (found.nodeId !== owner.nodeId) {
    refuse(folder, `it belongs to node ${found.nodeId}, not ${owner.nodeId}`);
  }
  if (!/^[0-9a-f]{32}$/.test(found.diskId)) refuse(folder, `${fileName} has no disk id`);
  return found;
}

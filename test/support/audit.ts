/** Acknowledged files are read back from every door: nothing but the whole file is right. */
import assert from 'node:assert/strict';
import { type AskedFile, read } from './busy-door.ts';
import { httpCall } from './http-call.ts';
import { sideBySide } from './side-by-side.ts';
import { until } from './until.ts';

const atATime = 8;
const movingMsMax = 600_000;

export interface ReadBack {
  readonly reads: number;
  /** What was read instead of the whole file, and where. */
  readonly wrong: readonly string[];
}

/** Each file from each door. `onRead`: after each. */
export async function readBack(
  files: readonly Omit<AskedFile, 'send'>[],
  doors: readonly string[],
  onRead: () => void = () => {},
): Promise<ReadBack> {
  const wrong: string[] = [];
  const reads = files.flatMap((file) => doors.map((door) => ({ file, door })));
  await sideBySide(reads, atATime, async ({ file, door }) => {
    const found = await read(file, door, 60_000).catch(String);
    if (found !== 'whole') wrong.push(`${file.path} from ${door}: ${found}`);
    onRead();
  });
  return { reads: reads.length, wrong };
}

/** Returns how many reads there were. */
export async function assertAllWhole(
  files: readonly Omit<AskedFile, 'send'>[],
  doors: readonly string[],
): Promise<number> {
  const { reads, wrong } = await readBack(files, doors);
  const some = wrong.slice(0, 10).join('\n');
  assert.equal(wrong.length, 0, `${wrong.length} of ${reads} reads were wrong:\n${some}`);
  return reads;
}

/**
 * While so many nodes live, one of them holds nothing of any file: waits until it is so. What was
 * wide enough for more nodes has to be written anew first.
 */
export async function leavesOneOut(
  files: readonly Pick<AskedFile, 'path'>[],
  door: string,
  liveNodes: number,
): Promise<void> {
  let onAll: string | undefined;
  const look = async () => {
    onAll = await fileOnAll(files, door, liveNodes);
    return onAll === undefined || undefined;
  };
  await until(`no file is on all nodes`, look, movingMsMax, () => onAll ?? '');
}

/** The first that lies on all nodes that live, in words. */
export async function fileOnAll(
  files: readonly Pick<AskedFile, 'path'>[],
  door: string,
  liveNodes: number,
): Promise<string | undefined> {
  for (const { path } of files) {
    const { status, body } = await httpCall('GET', `${door}/stat?path=${path}`);
    assert.equal(status, 200, `stat ${path}: ${body}`);
    const { extents } = JSON.parse(body.toString()) as {
      extents: { members: { node: string; live: boolean }[] }[];
    };
    const holders = new Set(
      extents.flatMap(({ members }) => members.filter(({ live }) => live).map(({ node }) => node)),
    );
    const most = Math.max(2, liveNodes - 1);
    if (holders.size > most) return `${path} is on ${holders.size} of ${liveNodes} nodes`;
  }
  return undefined;
}

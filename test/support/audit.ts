/** Acknowledged files are read back from every door: nothing but the whole file is right. */
import assert from 'node:assert/strict';
import { type AskedFile, read } from './busy-door.ts';
import { httpCall } from './http-call.ts';
import { sideBySide } from './side-by-side.ts';

const atATime = 8;

/** Returns how many reads there were. */
export async function assertAllWhole(
  files: readonly Omit<AskedFile, 'send'>[],
  doors: readonly string[],
): Promise<number> {
  const wrong: string[] = [];
  const reads = files.flatMap((file) => doors.map((door) => ({ file, door })));
  await sideBySide(reads, atATime, async ({ file, door }) => {
    const found = await read(file, door, 60_000);
    if (found !== 'whole') wrong.push(`${file.path} from ${door}: ${found}`);
  });
  const some = wrong.slice(0, 10).join('\n');
  assert.equal(wrong.length, 0, `${wrong.length} of ${reads.length} reads were wrong:\n${some}`);
  return reads.length;
}

/** While so many nodes live, one of them holds nothing of any file. */
export async function assertLeavesOneOut(
  files: readonly Pick<AskedFile, 'path'>[],
  door: string,
  liveNodes: number,
): Promise<void> {
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
    assert.ok(holders.size <= most, `${path} is on ${holders.size} of ${liveNodes} nodes`);
  }
}

/**
 * Files as long as a block, a shard, a stripe or several are, and a byte more or less, go in and
 * out whole and in parts: with all nodes, with one gone, and with two.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { smallBlobBytesMax, stripeBytes } from '#base/limits.ts';
import { codeFor } from '#blob/width.ts';
import { codingBlockBytes, shardBytes } from '#erasure/reed-solomon.ts';
import { seededBytes } from '../support/every-endpoint.ts';
import { httpCall } from '../support/http-call.ts';
import { withLocalCluster } from '../support/local-cluster.ts';
import { sideBySide } from '../support/side-by-side.ts';

const nodes = 6;
const atATime = 8;
/** A slow machine may take its time: what counts is that all comes. */
const timeoutMs = 60_000;
const around = (size: number): number[] => [size - 1, size, size + 1];
const shardOfStripe = shardBytes(stripeBytes, codeFor('large', nodes)?.k ?? 1);
const edges = [codingBlockBytes, smallBlobBytesMax, shardOfStripe, stripeBytes, 2 * stripeBytes];
const sizes = [0, 1, ...[...edges, 5 * stripeBytes].flatMap(around)];

interface Stored {
  readonly path: string;
  readonly bytes: Buffer;
}

/** Across each edge within the file, from it, and up to it. */
function rangesOf(size: number): [start: number, end: number][] {
  const marks = [...edges, size].filter((mark) => mark <= size);
  const ranges = marks.flatMap((mark): [number, number][] => [
    [mark - 1, mark + 1],
    [mark, size],
    [0, mark],
  ]);
  return ranges.filter(([start, end]) => start >= 0 && start < end && end <= size);
}

async function putAll(url: string, folder: string): Promise<Stored[]> {
  const stored: Stored[] = [];
  for (const size of sizes) {
    const path = `${folder}/${size}`;
    const bytes = seededBytes(path, size);
    const { status, body } = await httpCall('PUT', url + path, { body: bytes, timeoutMs });
    assert.equal(status, 200, `put ${path}: ${body}`);
    stored.push({ path, bytes });
  }
  return stored;
}

const readAll = (url: string, stored: readonly Stored[]): Promise<void> =>
  sideBySide(stored, atATime, (file) => readInParts(url, file));

async function readInParts(url: string, { path, bytes }: Stored): Promise<void> {
  const { status, body, headers } = await httpCall('GET', url + path, { timeoutMs });
  assert.equal(status, 200, `get ${path}: ${body.subarray(0, 300)}`);
  assert.equal(headers['content-length'], String(bytes.length));
  assert.ok(body.equals(bytes), `${path} differs`);
  for (const [start, end] of rangesOf(bytes.length)) {
    await readPart(url + path, bytes.subarray(start, end), `bytes=${start}-${end - 1}`);
  }
  const last = bytes.subarray(-70_000);
  if (last.length > 0) await readPart(url + path, last, 'bytes=-70000');
  const range = `bytes=${bytes.length}-`;
  const behind = await httpCall('GET', url + path, { headers: { range } });
  assert.equal(behind.status, 416, `${path} from behind its end`);
}

async function readPart(url: string, part: Buffer, range: string): Promise<void> {
  const { status, body } = await httpCall('GET', url, { headers: { range }, timeoutMs });
  assert.equal(status, 206, `${url} ${range}: ${body.subarray(0, 300)}`);
  assert.ok(body.equals(part), `${url} ${range} differs`);
}

async function copyAll(url: string, stored: readonly Stored[], to: string): Promise<Stored[]> {
  const copies: Stored[] = [];
  for (const { path, bytes } of stored) {
    const copy = `${to}/${bytes.length}`;
    const target = `/copy?source_path=${path}&destination_path=${copy}`;
    const { status, body } = await httpCall('POST', url + target);
    assert.equal(status, 200, `copy ${path}: ${body}`);
    copies.push({ path: copy, bytes });
  }
  return copies;
}

test('files of sizes at which something changes', async () => {
  await withLocalCluster(
    async ({ url, signal }) => {
      const stored: Stored[] = [];
      const round = async (folder: string) => {
        const added = await putAll(url, folder);
        stored.push(...added, ...(await copyAll(url, added, `${folder}-copies`)));
        await readAll(url, stored);
      };
      await round('/six-nodes');
      signal('node-2', 'SIGKILL');
      await round('/five-nodes');
      signal('node-5', 'SIGKILL');
      await round('/four-nodes');
    },
    { nodes },
  );
});

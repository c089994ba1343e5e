/**
 * What one group commit and one read cost, by the ways there are. Decides how `storage/` appends
 * (O_DSYNC or write + fdatasync) and up to which size it reads on the event loop's own thread.
 *
 * Run: `node bench/micro/append.ts [folder]`. Takes about 8 s.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { DiskFile } from '#io/disk.ts';
import { createNodeDisk } from '#io/node/disk.ts';

const KiB = 1024;
/** Blocks in a batch, and the size of one. */
const batches: readonly (readonly [number, number])[] = [
  [1, 4 * KiB],
  [4, 4 * KiB],
  [16, 4 * KiB],
  [64, 4 * KiB],
  [8, 1024 * KiB],
];
const runMs = 400;
const disk = createNodeDisk();

interface Way {
  readonly name: string;
  open(name: string): Promise<Appender>;
}

interface Appender {
  append(parts: Buffer[], position: number): void | Promise<void>;
  close(): void | Promise<void>;
}

function appender(file: DiskFile, alsoSync: boolean): Appender {
  return {
    async append(parts, position) {
      await file.write(parts, position);
      if (alsoSync) await file.sync();
    },
    close: () => file.close(),
  };
}

const ways: Way[] = [
  {
    name: 'writev + fdatasync',
    open: async (name) => appender(await disk.open(name, 'write'), true),
  },
  {
    name: 'writev O_DSYNC',
    open: async (name) => appender(await disk.open(name, 'write-sync'), false),
  },
  {
    name: 'writevSync O_DSYNC',
    async open(name) {
      const fd = fs.openSync(
        name,
        fs.constants.O_RDWR | fs.constants.O_CREAT | fs.constants.O_DSYNC,
      );
      return {
        append: (parts, position) => void fs.writevSync(fd, parts, position),
        close: () => fs.closeSync(fd),
      };
    },
  },
];

const row = (...cells: (string | number)[]) =>
  process.stdout.write(`${cells.map((cell) => String(cell).padStart(20)).join('')}\n`);

async function timeAppends(
  folder: string,
  way: Way,
  count: number,
  bytes: number,
): Promise<number> {
  const target = await way.open(path.join(folder, 'append'));
  const parts = Array.from({ length: count }, () => Buffer.alloc(bytes, 7));
  let rounds = 0;
  const start = performance.now();
  for (; performance.now() - start < runMs; rounds++) {
    await target.append(parts, rounds * count * bytes);
  }
  const elapsed = performance.now() - start;
  await target.close();
  await disk.remove(path.join(folder, 'append'));
  return elapsed / rounds;
}

async function appends(folder: string): Promise<void> {
  row('append, ms a batch', ...batches.map(([count, bytes]) => `${count} x ${bytes / KiB} KiB`));
  for (const way of ways) {
    const cells: string[] = [];
    for (const [count, bytes] of batches) {
      cells.push((await timeAppends(folder, way, count, bytes)).toFixed(3));
    }
    row(way.name, ...cells);
  }
}

/** µs of the event loop's time a read, with 16 under way at once. */
async function timeReads(file: DiskFile, bytes: number, now: boolean): Promise<number> {
  const slots = 16;
  let reads = 0;
  const start = performance.now();
  const worker = async (slot: number) => {
    while (performance.now() - start < runMs / 2) {
      const into = Buffer.allocUnsafe(bytes);
      const position = ((reads++ * 61 + slot) % 64) * bytes;
      if (now) file.readNow(into, position);
      else await file.read(into, position);
    }
  };
  await Promise.all(Array.from({ length: slots }, (_, slot) => worker(slot)));
  return (1000 * (performance.now() - start)) / reads;
}

async function reads(folder: string): Promise<void> {
  const sizes = [4, 16, 64, 256, 1024];
  const file = await disk.open(path.join(folder, 'read'), 'write');
  await file.write([Buffer.alloc(64 << 20, 3)], 0);
  row('read, us each', ...sizes.map((size) => `${size} KiB`));
  for (const now of [false, true]) {
    const cells: string[] = [];
    for (const size of sizes) cells.push((await timeReads(file, size * 1024, now)).toFixed(1));
    row(now ? 'readNow' : 'read (16 at once)', ...cells);
  }
  await file.close();
}

const folder = fs.mkdtempSync(path.join(process.argv[2] ?? os.tmpdir(), 'append-'));
try {
  await appends(folder);
  await reads(folder);
} finally {
  fs.rmSync(folder, { recursive: true });
}

/** `dftfs bench`: a short load, and what came of it. */
import { randomBytes } from 'node:crypto';
import { PathNotFoundError, type PutOptions } from '#client/index.ts';
import { exitKindOf, UsageError } from '../exit-codes.ts';
import { aligned, type Column } from '../output/columns.ts';
import { rateText } from '../output/format.ts';
import type { Session } from '../session.ts';
import type { Verb } from '../verb.ts';
import { Latencies } from './latencies.ts';

export const bench: Verb = {
  name: 'bench',
  summary: 'measure the cluster with a short load',
  arguments: [],
  options: [
    { name: 'seconds', short: 's', value: 'N', help: 'of each operation (default 3)' },
    { name: 'clients', short: 'c', value: 'N', help: 'at a time (default 16)' },
    { name: 'size', value: 'BYTES', help: 'of each file, as 4096, 64K or 1M (default 4K)' },
  ],
  details: [
    'Puts files below /dftfs-bench-…, asks for them, reads, copies and removes them, and leaves nothing behind. It loads the cluster as much as it can: think of others. One process in JavaScript is the client, so a large cluster can do more.',
  ],
  examples: [{ line: 'dftfs bench --size 1M --clients 8', says: 'larger files' }],
  run: runBench,
};

interface Measured {
  readonly operation: string;
  readonly seconds: number;
  readonly bytes: number;
  readonly latencies: Latencies;
}

async function runBench(session: Session): Promise<void> {
  const { options, output, storage } = session;
  const load = {
    seconds: options.count('seconds', 3, 3600),
    clients: options.count('clients', 16, 256),
    bytes: sizeOf(options.text('size') ?? '4K'),
    folder: `/dftfs-bench-${randomBytes(6).toString('hex')}`,
  };
  const results: Measured[] = [];
  try {
    for await (const measured of phases(session, load)) {
      results.push(measured);
      if (output.json) output.result(rowOf(measured), '');
      else output.note(`${measured.operation} is measured`);
    }
    if (!output.json) output.print(table(results, session));
  } finally {
    // What is left of it is removed even when somebody has interrupted.
    await storage.rm(load.folder, { recursive: true }).catch((error: unknown) => {
      if (!(error instanceof PathNotFoundError)) output.fail(error, load.folder);
    });
  }
}

interface Load {
  readonly seconds: number;
  readonly clients: number;
  readonly bytes: number;
  readonly folder: string;
}

/** Bounds what the files of a run may take together. */
const filesMax = 100_000;

async function* phases(session: Session, load: Load): AsyncGenerator<Measured> {
  const { storage, signal } = session;
  const { bytes, folder } = load;
  const content = randomBytes(bytes);
  const options: PutOptions = { signal };
  const name = (index: number) => `${folder}/put/${index}`;
  const copyName = (index: number) => `${folder}/copy/${index}`;
  const put = await measure(session, load, 'put', bytes, filesMax, async (index) => {
    await storage.put(name(index), content, options);
  });
  yield put;
  const made = put.latencies.count;
  if (made === 0) return;
  yield await measure(session, load, 'exists', 0, undefined, async (index) => {
    await storage.exists(name(index % made), options);
  });
  yield await measure(session, load, 'get', bytes, undefined, async (index) => {
    await storage.get(name(index % made), options);
  });
  const copy = await measure(session, load, 'copy', 0, filesMax, async (index) => {
    await storage.copy(name(index % made), copyName(index), options);
  });
  yield copy;
  yield await measure(session, load, 'rm', 0, copy.latencies.count, async (index) => {
    await storage.rm(copyName(index), options);
  });
}

/** `countMax` undefined: as many as there is time for. */
async function measure(
  { signal }: Session,
  { seconds, clients }: Load,
  operation: string,
  bytes: number,
  countMax: number | undefined,
  run: (index: number) => Promise<void>,
): Promise<Measured> {
  const latencies = new Latencies();
  const began = performance.now();
  const end = began + seconds * 1000;
  let next = 0;
  const client = async () => {
    while (performance.now() < end && next < (countMax ?? Number.POSITIVE_INFINITY)) {
      const startedAt = performance.now();
      const index = next++;
      try {
        await run(index);
        latencies.add(performance.now() - startedAt);
      } catch (error) {
        signal.throwIfAborted();
        if (exitKindOf(error) === 'denied' || exitKindOf(error) === 'bug') throw error;
        latencies.errors += 1;
      }
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return { operation, bytes, latencies, seconds: (performance.now() - began) / 1000 };
}

function rowOf({ operation, seconds, bytes, latencies }: Measured) {
  const perSecond = latencies.count / seconds;
  const rounded = (value: number) => Math.round(value * 100) / 100;
  return {
    ...{ operation, count: latencies.count, errors: latencies.errors, seconds: rounded(seconds) },
    ...{ perSecond: rounded(perSecond), bytesPerSecond: Math.round(perSecond * bytes) },
    ...{ p50Ms: rounded(latencies.quantile(0.5)), p99Ms: rounded(latencies.quantile(0.99)) },
    maxMs: rounded(latencies.quantile(1)),
  };
}

const columns: readonly Column[] = [
  { title: 'operation' },
  ...['count', 'per second', 'bytes', 'p50 ms', 'p99 ms', 'max ms', 'errors'].map((title) => {
    return { title, right: true };
  }),
];

function table(results: readonly Measured[], { output }: Session): string {
  const rows = results
    .map(rowOf)
    .map((value) => [
      value.operation,
      value.count.toLocaleString('en'),
      Math.round(value.perSecond).toLocaleString('en'),
      value.bytesPerSecond === 0 ? '-' : rateText(value.bytesPerSecond),
      ...[value.p50Ms, value.p99Ms, value.maxMs].map((ms) => ms.toFixed(1)),
      String(value.errors),
    ]);
  return aligned(columns, rows, (text) => output.paint('bold', text));
}

const sizeMost = 64 * 1024 * 1024;

export function sizeOf(text: string): number {
  const [, digits, unit = ''] = /^(\d{1,9})([KM]?)(?:i?B)?$/i.exec(text) ?? [];
  const factor = { '': 1, K: 1024, M: 1024 * 1024 }[unit.toUpperCase()] ?? 1;
  const bytes = Number(digits) * factor;
  if (bytes >= 0 && bytes <= sizeMost) return bytes;
  throw new UsageError(`--size is a number of bytes up to 64M, as 4096, 64K or 1M, not ${text}.`);
}

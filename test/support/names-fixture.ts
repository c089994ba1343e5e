/**
 * A namespace over any kv with a registered node and volumes, and the invariants that hold whatever
 * is done to it.
 */
import assert from 'node:assert/strict';
import { type BlobId, newBlobId, nodeId, type OperationId, type VolumeId } from '#base/ids.ts';
import type { KnownVolume } from '#cluster/cluster-map.ts';
import type { Clock, Timers } from '#io/world.ts';
import { type Kv, type KvEntry, prefixSpan } from '#kv/kv.ts';
import { Combiner } from '#namespace/batching/combiner.ts';
import { CombiningCommitter, combiningDefaults } from '#namespace/batching/combining-committer.ts';
import type { Committer } from '#namespace/committer.ts';
import { DirectCommitter } from '#namespace/direct-committer.ts';
import { Namespace } from '#namespace/namespace.ts';
import type { NewFile } from '#namespace/ops/create.ts';
import { decodeFileRecord, decodeGarbage } from '#namespace/record-codec.ts';
import type { FileRecord } from '#namespace/records.ts';
import {
  backReferenceKey,
  fileKey,
  livenessKey,
  operationKey,
  pathOfFileKey,
  prefixes,
  volumeKey,
} from '#protocol/keys.ts';
import { encodeVolume, type VolumeRecord } from '#protocol/volumes.ts';

export const options = { timeoutMs: 4000 };
export const node = nodeId('n1');

/** Time that passes only by sleeping, so that a test waits for nothing. */
export class SleepClock implements Clock, Pick<Timers, 'sleep'> {
  #now = 0;
  now = (): number => this.#now;
  wall = (): number => 1_700_000_000_000 + this.#now;
  sleep = async (ms: number): Promise<void> => {
    this.#now += ms;
    await Promise.resolve();
  };
  after = (): never => assert.fail('no timer is needed');
}

let count = 0;
/** Different in every call of this process. */
const nextBytes = (length: number): Buffer => {
  const bytes = Buffer.alloc(length);
  bytes.writeUIntBE(++count, length - 6, 6);
  return bytes;
};

export interface NamesFixture {
  readonly kv: Kv;
  readonly namespace: Namespace;
  /** Another's, on the kv as it is: nothing stands in its way. */
  readonly other: Namespace;
  readonly time: SleepClock;
  readonly volume: KnownVolume;
  newFile(change?: Partial<NewFile>): NewFile;
}

export type Commit = (kv: Kv, time: SleepClock) => Committer;

const direct = (kv: Kv, time: SleepClock) => new DirectCommitter({ kv, timers: time, clock: time });

/** All goes through this node's own combiner first. */
const combined: Commit = (kv, time) => {
  const map = {
    live: () => [node],
    sessionOf: () => 1,
    onChange: () => () => {},
    suspect: () => {},
  };
  const rpc = { call: () => assert.fail('there is no other node') };
  const combiner = new Combiner({ kv, clock: time, timers: time });
  return new CombiningCommitter(
    { direct: direct(kv, time), combiner, rpc, map, clock: time },
    { ...combiningDefaults, self: node },
  );
};

export const ways: Readonly<Record<'direct' | 'combined', Commit>> = { direct, combined };

/** `wrap` stands between the committer and the kv; the fixture itself uses the kv as it is. */
export async function namesFixture(
  kv: Kv,
  wrap: (kv: Kv) => Kv = (same) => same,
  commit: Commit = direct,
): Promise<NamesFixture> {
  await clear(kv);
  const time = new SleepClock();
  const wrapped = wrap(kv);
  const committer = commit(wrapped, time);
  const random = { bytes: nextBytes };
  const session = { node };
  const namespace = new Namespace({ committer, kv: wrapped, clock: time, random, session });
  const otherDeps = { committer: direct(kv, time), kv, clock: time, random, session };
  const other = new Namespace(otherDeps);
  const record = volumeRecord();
  const revision = await put(kv, volumeKey(record.id), encodeVolume(record));
  const liveness = await put(kv, livenessKey(node), Buffer.from('incarnation'));
  const volume = { record, revision };
  const newFile = (change: Partial<NewFile> = {}): NewFile => ({
    blob: newBlobId(liveness, nextBytes),
    size: 5,
    crc: 7,
    extents: [{ volume: record.id, first: 0, count: 1 }],
    volumes: [volume],
    session: liveness,
    contentType: 'text/plain',
    metadata: { colour: 'grün' },
    ...change,
  });
  return { kv, namespace, other, time, volume, newFile };
}

export const volumeRecord = (change: Partial<VolumeRecord> = {}): VolumeRecord => ({
  id: '00000000000000aa' as VolumeId,
  code: { k: 1, m: 1 },
  members: ['n1', 'n2'].map(nodeId),
  epoch: 1,
  state: 'open',
  rebuilding: [],
  incoming: [],
  ...change,
});

export async function put(kv: Kv, key: string, value: Buffer): Promise<number> {
  const then = [{ kind: 'put', key, value }] as const;
  return (await kv.txn({ compare: [], then, else: [] }, options)).revision;
}

export async function drop(kv: Kv, start: string, end?: string): Promise<void> {
  const then = [{ kind: 'delete', start, ...(end === undefined ? {} : { end }) }] as const;
  await kv.txn({ compare: [], then, else: [] }, options);
}

const clear = (kv: Kv): Promise<void> => drop(kv, '!', '~');

export async function readAll(kv: Kv, prefix: string): Promise<readonly KvEntry[]> {
  const { entries, more } = await kv.range({ ...prefixSpan(prefix), limit: 10_000 }, options);
  assert.equal(more, false);
  return entries;
}

export const isApplied = async (kv: Kv, operation: OperationId): Promise<boolean> =>
  (await kv.get(operationKey(operation), options)) !== undefined;

/**
 * Every name has its back reference and the other way round; no blob with a name is garbage; and
 * each of `blobs` that had a name once and has none now is. Returns all names.
 */
export async function checkNames(
  kv: Kv,
  blobs: Iterable<BlobId> = [],
): Promise<Map<string, FileRecord>> {
  const names = new Map<string, FileRecord>();
  for (const { key, value } of await readAll(kv, prefixes.file)) {
    const path = pathOfFileKey(key);
    assert.equal(fileKey(path), key);
    names.set(path, decodeFileRecord(value, path));
  }
  const references = (await readAll(kv, prefixes.backReference)).map(({ key }) => key);
  const expected = [...names].map(([path, { blob }]) => backReferenceKey(blob, path));
  assert.deepEqual([...references].sort(), expected.sort(), 'a back reference for each name');
  const garbage = new Set<string>();
  for (const { key, value } of await readAll(kv, prefixes.garbage)) {
    decodeGarbage(value);
    garbage.add(key.slice(prefixes.garbage.length));
  }
  const named = new Set([...names.values()].map(({ blob }) => blob));
  for (const blob of named) assert.ok(!garbage.has(blob), 'a blob with a name is garbage');
  for (const blob of blobs) assert.ok(named.has(blob) || garbage.has(blob), 'a blob is forgotten');
  return names;
}

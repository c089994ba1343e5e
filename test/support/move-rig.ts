/** Names, bytes and volumes over a fake cluster, with the duties that move blobs. */
import type { NodeId } from '#base/ids.ts';
import { BlobRewriter } from '#duties/move/blob-rewriter.ts';
import { RemoveVolumes } from '#duties/move/remove-volumes.ts';
import { RewriteBlobs } from '#duties/move/rewrite-blobs.ts';
import { createNodeWorld } from '#io/node/world.ts';
import type { Kv } from '#kv/kv.ts';
import { MemoryKv } from '#kv/memory/memory-kv.ts';
import { DirectCommitter } from '#namespace/direct-committer.ts';
import { Namespace } from '#namespace/namespace.ts';
import { silentLogger } from '#observe/log.ts';
import { livenessKey, prefixes } from '#protocol/keys.ts';
import { decodeVolume } from '#protocol/volumes.ts';
import { type BlobRigOptions, createBlobRig } from './blob-rig.ts';
import { drop, put, readAll, SleepClock } from './names-fixture.ts';

/** Each volume is gone through once by each duty that is made. */
const once = 3600_000;
const forever = new AbortController().signal;

/** `wrap` stands between the duties and the kv; the rig itself uses the kv as it is. */
export async function createMoveRig(
  nodes: number,
  wrap: (kv: Kv) => Kv = (same) => same,
  options: BlobRigOptions = {},
) {
  const world = createNodeWorld();
  const kv = new MemoryKv(world);
  const wrapped = wrap(kv);
  const rig = createBlobRig(nodes, { ...options, kv: wrapped });
  const { cluster, reader } = rig;
  const { map, session } = cluster;
  session.revision = await put(kv, livenessKey(session.node), Buffer.from('one'));
  const namesOver = (engine: Kv) => {
    const time = new SleepClock();
    const committer = new DirectCommitter({ kv: engine, timers: time, clock: time });
    return new Namespace({ committer, kv: engine, clock: time, random: world.random, session });
  };
  const namespace = namesOver(kv);

  const dutiesOf = dutiesOver(rig, wrapped, namesOver(wrapped));

  /** The map learns what the kv has, as it would by its watch. */
  async function refresh(): Promise<void> {
    map.forgetVolumes();
    for (const { value, modRevision: revision } of await readAll(kv, prefixes.volume)) {
      map.learnVolume({ record: decodeVolume(value), revision });
    }
  }

  /** All duties of all live nodes, until none finds anything to do. */
  async function settle() {
    const duties = map.live().map(dutiesOf);
    for (let round = 0; round < 1000; round++) {
      await refresh();
      const steps = duties.flatMap((some) => Object.values(some).map((duty) => duty.step(forever)));
      const states = await Promise.all(steps);
      if (states.every((state) => state === 'idle')) return duties;
    }
    throw new Error('the duties find no end');
  }

  /** Garbage collection. */
  async function collect(): Promise<void> {
    for (const { key } of await readAll(kv, prefixes.garbage)) {
      const blob = key.slice(prefixes.garbage.length);
      for (const { shards } of cluster.nodes) {
        for (const text of shards.keys()) if (text.includes(blob)) shards.delete(text);
      }
      await drop(kv, key);
    }
  }

  const store = async (path: string, content: Buffer) => {
    const written = await rig.write(content);
    const file = { ...written, contentType: 'text/plain', metadata: {} };
    return (await namespace.create(path, file)).entry;
  };
  const load = async (path: string): Promise<Buffer> => {
    const file = await namespace.lookup(path);
    if (file === undefined) throw new Error(`no file ${path}`);
    const chunks: Buffer[] = [];
    for await (const chunk of reader.read(file.record, 0, file.record.size, { signal: forever })) {
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  };
  return { ...rig, world, kv, namespace, dutiesOf, refresh, settle, collect, store, load };
}

/** The duties of any node. */
function dutiesOver(
  { cluster: { nodes, map, calls: shards }, reader, writer }: ReturnType<typeof createBlobRig>,
  kv: Kv,
  namespace: Namespace,
) {
  const world = createNodeWorld();
  const dead = () => new Set(nodes.flatMap(({ id }) => (map.isLive(id) ? [] : [id])));
  const rewriter = new BlobRewriter({ namespace, reader, writer });
  const common = { ...world, map, shards, kv, log: silentLogger, brake: { restMs: () => 0 } };
  const deps = { ...common, absence: { longerThan: dead } };
  return (self: NodeId) => ({
    rewriting: new RewriteBlobs({ ...deps, self, rewriter }, { delayMs: 0, passPauseMs: once }),
    removing: new RemoveVolumes({ ...deps, self }, { checkPauseMs: once }),
  });
}

/** Nodes of a fake cluster that heal: volumes in a kv, and each node's own repair of its slots. */
import { type NodeId, nodeId } from '#base/ids.ts';
import { BlobsUnderWay } from '#blob/blobs-under-way.ts';
import { blobReaderDefaults } from '#blob/read-blob.ts';
import { ShardFetcher } from '#blob/shard-fetcher.ts';
import { createShardRebuilder } from '#blob/shard-rebuilder.ts';
import type { KnownVolume } from '#cluster/cluster-map.ts';
import { FillSlots } from '#duties/repair/fill-slots.ts';
import { SlotFiller } from '#duties/repair/slot-filler.ts';
import { upkeepHandlers } from '#duties/repair/upkeep-handlers.ts';
import { createNodeWorld } from '#io/node/world.ts';
import { MemoryKv } from '#kv/memory/memory-kv.ts';
import { silentLogger } from '#observe/log.ts';
import { volumeKey } from '#protocol/keys.ts';
import { upkeepMethods } from '#protocol/upkeep.ts';
import { decodeVolume, encodeVolume, type VolumeRecord } from '#protocol/volumes.ts';
import { createBlobRig } from './blob-rig.ts';
import { keyText } from './fake-cluster.ts';

const quick = { floorMs: 100, ceilingMs: 100 };
const options = { timeoutMs: 1000 };

export type HealingRig = ReturnType<typeof createHealingRig>;

export function createHealingRig(nodes: number) {
  const rig = createBlobRig(nodes);
  const { cluster } = rig;
  const world = createNodeWorld();
  const kv = new MemoryKv(world);
  const common = { world, map: cluster.map, shards: cluster.calls, log: silentLogger };

  /** Puts the record into the kv and the map. */
  const setVolume = async (record: VolumeRecord): Promise<KnownVolume> => {
    const put = { kind: 'put', key: volumeKey(record.id), value: encodeVolume(record) } as const;
    const { revision } = await kv.txn({ compare: [], then: [put], else: [] }, options);
    cluster.map.learnVolume({ record, revision });
    return { record, revision };
  };

  const storeOf = (id: NodeId) => ({
    has: (key: Parameters<typeof keyText>[0]) => cluster.node(id).shards.has(keyText(key)),
    write: (...[key, body, crc]: [Parameters<typeof keyText>[0], readonly Buffer[], number]) =>
      cluster.calls.write(id, key, body, crc, options),
  });

  const fillerOf = (id: NodeId) => {
    const fetcher = new ShardFetcher(
      { ...common, self: id },
      { ...blobReaderDefaults, deadline: quick },
    );
    const rebuilder = createShardRebuilder({ ...common, fetcher });
    return new SlotFiller({ self: id, rebuilder, store: storeOf(id), log: silentLogger });
  };

  cluster.onRebuild = async (node, blob, shards) => {
    const writer = { underWay: new BlobsUnderWay(), session: () => undefined };
    const handlers = upkeepHandlers({ kv, filler: fillerOf(node.id), ...writer });
    const context = { peer: nodeId('n0'), signal: new AbortController().signal };
    await handlers[upkeepMethods.rebuild]?.({ ...blob, shards }, [], context);
  };

  return {
    ...rig,
    kv,
    setVolume,
    async volumeNow(id: VolumeRecord['id']): Promise<KnownVolume | undefined> {
      const entry = await kv.get(volumeKey(id), options);
      return entry && { record: decodeVolume(entry.value), revision: entry.modRevision };
    },
    fillerOf,
    fillSlots: (id: NodeId, onWhole = () => {}, clock = { now: () => 0 }) =>
      new FillSlots({ ...common, self: id, kv, clock, filler: fillerOf(id), onWhole }),
  };
}

/** The one way in which a duty changes a volume: a compare-and-swap of its record. */
import type { ClusterMap, KnownVolume } from '#cluster/cluster-map.ts';
import type { Kv } from '#kv/kv.ts';
import { volumeKey } from '#protocol/keys.ts';
import { encodeVolume, type VolumeRecord } from '#protocol/volumes.ts';

export interface SwapVolumeDeps {
  readonly kv: Pick<Kv, 'txn'>;
  readonly map: Pick<ClusterMap, 'learnVolume'>;
}

const timeoutMs = 2000;

/** False: somebody has changed the volume since `known`. */
export async function swapVolume(
  { kv, map }: SwapVolumeDeps,
  known: KnownVolume,
  record: VolumeRecord,
  signal: AbortSignal,
): Promise<boolean> {
  const key = volumeKey(record.id);
  const { succeeded, revision } = await kv.txn(
    {
      compare: [{ start: key, field: 'mod', relation: '=', value: known.revision }],
      then: [{ kind: 'put', key, value: encodeVolume(record) }],
      else: [],
    },
    { timeoutMs, signal },
  );
  if (succeeded) map.learnVolume({ record, revision });
  return succeeded;
}

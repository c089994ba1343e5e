/** The one way in which a volume that is there changes: a compare-and-swap of its record. */
import type { ClusterMap, KnownVolume } from '#cluster/cluster-map.ts';
import type { CallOptions, Kv } from '#kv/kv.ts';
import { volumeKey } from '#protocol/keys.ts';
import { encodeVolume, type VolumeRecord } from '#protocol/volumes.ts';

export interface SwapVolumeDeps {
  readonly kv: Pick<Kv, 'txn'>;
  readonly map: Pick<ClusterMap, 'learnVolume'>;
}

const timeoutMsDefault = 2000;

/** False: somebody has changed the volume since `known`. */
export async function swapVolume(
  { kv, map }: SwapVolumeDeps,
  known: KnownVolume,
  record: VolumeRecord,
  { timeoutMs = timeoutMsDefault, ...options }: Partial<CallOptions>,
): Promise<boolean> {
  const key = volumeKey(record.id);
  const { succeeded, revision } = await kv.txn(
    {
      compare: [{ start: key, field: 'mod', relation: '=', value: known.revision }],
      then: [{ kind: 'put', key, value: encodeVolume(record) }],
      else: [],
    },
    { timeoutMs, ...options },
  );
  if (succeeded) map.learnVolume({ record, revision });
  return succeeded;
}

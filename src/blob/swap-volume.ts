/** The one way in which a volume that is there changes: a compare-and-swap of its record. */
import type { ClusterMap, KnownVolume } from '#cluster/cluster-map.ts';
import type { CallOptions, Kv, OpResult } from '#kv/kv.ts';
import { volumeKey } from '#protocol/keys.ts';
import { encodeVolume, parseVolume, type VolumeRecord } from '#protocol/volumes.ts';

export interface SwapVolumeDeps {
  readonly kv: Pick<Kv, 'txn'>;
  readonly map: Pick<ClusterMap, 'learnVolume'>;
}

const timeoutMsDefault = 2000;

/** False: somebody has changed the volume since `known`; the map knows now to what. */
export async function swapVolume(
  { kv, map }: SwapVolumeDeps,
  known: KnownVolume,
  record: VolumeRecord,
  { timeoutMs = timeoutMsDefault, ...options }: Partial<CallOptions>,
): Promise<boolean> {
  const key = volumeKey(record.id);
  const { succeeded, results, revision } = await kv.txn(
    {
      compare: [{ start: key, field: 'mod', relation: '=', value: known.revision }],
      then: [{ kind: 'put', key, value: encodeVolume(record) }],
      else: [{ kind: 'range', start: key }],
    },
    { timeoutMs, ...options },
  );
  const now = succeeded ? { record, revision } : volumeIn(results);
  if (now !== undefined) map.learnVolume(now);
  return succeeded;
}

/** Undefined: it is gone, or can't be understood. */
function volumeIn([result]: readonly OpResult[]): KnownVolume | undefined {
  const entry = result?.kind === 'range' ? result.entries[0] : undefined;
  const record = entry && parseVolume(entry.value);
  return record && { record, revision: entry.modRevision };
}

/** How a file lies on the nodes now, and how many more of them it can lose. */
import { DftfsError } from '#base/errors.ts';
import type { ClusterMap, KnownVolume } from '#cluster/cluster-map.ts';
import type { Namespace } from '#namespace/namespace.ts';
import { type Extent, marginOf } from '#protocol/volumes.ts';
import type { CallContext, FileStat } from './files.ts';

type Liveness = Pick<ClusterMap, 'live' | 'isLive'>;

/** Errors: path_not_found, data_damaged (a volume isn't there), names_unavailable. */
export async function describeFile(
  namespace: Namespace,
  map: Liveness,
  path: string,
  context: CallContext,
): Promise<FileStat> {
  const entry = await namespace.lookup(path, context);
  if (entry === undefined) {
    throw new DftfsError('path_not_found', `There is no file ${path}.`, { path });
  }
  const ids = new Set(entry.record.extents.map(({ volume }) => volume));
  const volumes = await namespace.readVolumes([...ids], context);
  const lying = entry.record.extents.map((extent) => {
    const volume = volumes.get(extent.volume);
    if (volume !== undefined) return { extent, volume };
    const detail = `The record of volume ${extent.volume}, which ${path} lies in, is missing.`;
    throw new DftfsError('data_damaged', detail, { path });
  });
  const margins = lying.map(({ volume }) => marginOf(volume.record, (node) => map.isLive(node)));
  const lossesSurvivable = Math.min(...margins);
  return {
    entry,
    extents: lying.map(({ extent, volume }) => describeExtent(extent, volume, map)),
    lossesSurvivable: margins.length === 0 ? map.live().length - 1 : lossesSurvivable,
  };
}

function describeExtent(
  { volume, first, count }: Extent,
  { record }: KnownVolume,
  map: Liveness,
): FileStat['extents'][number] {
  const members = record.members.map((node, slot) => ({
    ...{ node, live: map.isLive(node) },
    rebuilding: record.rebuilding.includes(slot),
  }));
  return { volume, firstStripe: first, stripes: count, ...record.code, members };
}

/** Volume records as they are now, for those who show how a file lies. */
import type { VolumeId } from '#base/ids.ts';
import type { KnownVolume } from '#cluster/cluster-map.ts';
import { volumeKey } from '#protocol/keys.ts';
import { decodeVolume } from '#protocol/volumes.ts';
import { type CallLimits, type Names, readKey, VerbTime } from './names.ts';

/** Those that are there. Errors: names_unavailable, data_damaged. */
export async function readVolumes(
  names: Names,
  ids: readonly VolumeId[],
  limits: CallLimits,
): Promise<ReadonlyMap<VolumeId, KnownVolume>> {
  if (ids.length === 0) return new Map();
  const time = new VerbTime(names.clock, limits);
  const ranges = ids.map((id) => readKey(volumeKey(id)));
  const results = await names.committer.read(ranges, time.options());
  const volumes = results.flatMap(({ entries }) => entries);
  return new Map(
    volumes.map(({ value, modRevision }) => {
      const record = decodeVolume(value);
      return [record.id, { record, revision: modRevision }];
    }),
  );
}

/**
 * From durable bytes to a blob that has a name. The commit, which is others' business, compares the
 * volumes used. Where these have got other members meanwhile, those fetch what they lack, and it is
 * tried again. However it ends, the blob is let go of.
 */
import { DftfsError, isCode } from '#base/errors.ts';
import type { VolumeId } from '#base/ids.ts';
import type { KnownVolume } from '#cluster/cluster-map.ts';
import type { BlobWriter, WrittenBlob } from './blob.ts';

interface Limits {
  readonly signal: AbortSignal;
}

export interface CommitBlobDeps {
  readonly writer: Pick<BlobWriter, 'refill' | 'release' | 'discard'>;
  readonly namespace: {
    readVolumes(
      ids: readonly VolumeId[],
      limits: Limits,
    ): Promise<ReadonlyMap<VolumeId, KnownVolume>>;
  };
}

export interface Commit<T> {
  /** Runs once, before anything else; throws to refuse. */
  readonly check: () => void;
  /** Gives the blob its name. Errors: volume_changed leads to another try. */
  readonly name: (blob: WrittenBlob) => Promise<Committed<T>>;
}

export interface Committed<T> {
  readonly result: T;
  /** False: the blob got no name and never will. */
  readonly isNamed: boolean;
}

/** How often one blob follows its volumes to other members. */
const refillsMax = 8;

/** Errors: those of `check`, `name`, `readVolumes` and `refill`. */
export async function commitBlob<T>(
  { writer, namespace }: CommitBlobDeps,
  written: WrittenBlob,
  { check, name }: Commit<T>,
  { signal }: Limits,
): Promise<T> {
  let blob = written;
  try {
    check();
    for (let refills = 0; ; refills++) {
      const committed = await name(blob).catch((error: unknown) => {
        if (!isCode(error, 'volume_changed') || refills === refillsMax) throw error;
      });
      if (committed) {
        if (committed.isNamed) writer.release(blob);
        else writer.discard(blob);
        return committed.result;
      }
      const ids = blob.volumes.map(({ record }) => record.id);
      const now = await namespace.readVolumes(ids, { signal });
      blob = await writer.refill(blob, now, { signal });
    }
  } catch (error) {
    if (error instanceof DftfsError && error.outcome === 'none') writer.discard(blob);
    else writer.release(blob);
    throw error;
  }
}

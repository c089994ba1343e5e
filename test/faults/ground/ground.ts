/** What a cluster must stand on so that its faults can be made: a network, disks, clocks. */
import {
  type LocalCluster,
  type LocalClusterShape,
  startLocalCluster,
} from '../../support/local-cluster.ts';
import { OwnDisks } from '../../support/own-disks.ts';
import { LossyDoors } from './lossy-doors.ts';
import { Partitions } from './partitions.ts';
import { clockEnvironment, forgetDeadClocks } from './set-clocks.ts';

/** What is plain can be done on all the others too. */
export type GroundName = 'plain' | 'network' | 'disks' | 'clocks';

export interface Ground {
  readonly cluster: LocalCluster;
  readonly partitions?: Partitions;
  readonly lossyDoors: LossyDoors;
  readonly disks?: OwnDisks;
  /** Ends the cluster and all that it stood on. */
  release(): Promise<void>;
}

/** Beside what the store keeps free. */
const diskMib = 256;
/** What lost its last name needn't be kept long for its readers here. */
const environment = { DFTFS_READ_GRACE_MS: '3000' };

export async function prepareGround(name: GroundName, shape: LocalClusterShape): Promise<Ground> {
  const clocks = name === 'clocks' ? await clockEnvironment() : {};
  const cluster = await startLocalCluster({ ...shape, environment: { ...environment, ...clocks } });
  let lossyDoors: LossyDoors | undefined;
  let [partitions, disks]: [Partitions?, OwnDisks?] = [];
  const release = async () => {
    lossyDoors?.close();
    await disks?.release();
    await cluster.stop();
    await partitions?.release();
    if (name === 'clocks') await forgetDeadClocks();
  };
  try {
    lossyDoors = await LossyDoors.before(cluster);
    if (name === 'network') partitions = await Partitions.under(cluster);
    if (name === 'disks') disks = await OwnDisks.under(cluster, nodesOf(cluster), diskMib);
    return {
      ...{ cluster, lossyDoors, release },
      ...(partitions ? { partitions } : {}),
      ...(disks ? { disks } : {}),
    };
  } catch (error) {
    await release();
    throw error;
  }
}

const nodesOf = ({ nodeUrls }: LocalCluster): string[] => [...nodeUrls.keys()];

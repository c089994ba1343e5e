/** A proxy before each door of a cluster, which loses what it is told to lose. */
import { cuttingProxy } from '../../support/cutting-proxy.ts';
import type { LocalCluster } from '../../support/local-cluster.ts';
import type { SeededRandom } from '../../support/seeded-random.ts';

export interface Losses {
  /** Shares of the connections: their answer gets lost; they break within the request. */
  readonly lost: number;
  readonly reset: number;
}

const resetBytesMax = 200_000;
const whole = { asked: Number.POSITIVE_INFINITY, answered: Number.POSITIVE_INFINITY };

export class LossyDoors {
  readonly urls: string[] = [];
  cuts = 0;
  readonly #endings: (() => unknown)[] = [];
  #plan = () => whole;

  /** For the front door, and each node's own. */
  static async before({ url, nodeUrls }: LocalCluster): Promise<LossyDoors> {
    const doors = new LossyDoors();
    const context = { after: (end: () => unknown) => void doors.#endings.push(end) };
    for (const door of [url, ...nodeUrls.values()]) {
      const port = Number(new URL(door).port);
      doors.urls.push(await cuttingProxy(context, port, () => doors.#plan()));
    }
    return doors;
  }

  lose({ lost, reset }: Losses, random: SeededRandom): void {
    this.cuts = 0;
    this.#plan = () => {
      const share = random.fraction();
      if (share >= lost + reset) return whole;
      this.cuts += 1;
      if (share < lost) return { ...whole, answered: 0 };
      return { ...whole, asked: random.between(0, resetBytesMax) };
    };
  }

  loseNothing(): void {
    this.#plan = () => whole;
  }

  close(): void {
    for (const end of this.#endings) end();
  }
}

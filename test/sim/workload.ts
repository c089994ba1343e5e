/** What the clients of a run do: a hot set of paths they fight over, and files of their own. */
import type { Client } from './client.ts';
import type { Plan } from './plan.ts';
import type { Dice } from './world/dice.ts';
import type { Scheduler } from './world/scheduler.ts';

const KiB = 1024;
const smallSizes = [0, 1, 2, 100, 4096, 65_536, 100_000, 256 * KiB, 256 * KiB + 1, 300 * KiB];
const largeSizes = [1024 * KiB, 1024 * KiB + 1, 1100 * KiB, 2 * 1024 * KiB + 7, 3000 * KiB];
const ownShare = 0.2;
/** Of the files of a client's own: those that get a second name and lose both at once. */
const twinShare = 0.05;

export class Workload {
  readonly #plan: Plan;
  readonly #dice: Dice;
  readonly #scheduler: Scheduler;
  #left: number;
  #own = 0;
  readonly #kept: string[] = [];

  constructor(plan: Plan, scheduler: Scheduler, dice: Dice) {
    this.#plan = plan;
    this.#dice = dice;
    this.#scheduler = scheduler;
    this.#left = plan.operations;
  }

  /** Until all operations of the run are done. */
  async run(client: Client): Promise<void> {
    while (this.#left-- > 0) {
      await this.#scheduler.sleep(this.#dice.skewed(0, this.#thinkMsMax));
      if (this.#dice.chance(ownShare * twinShare)) await this.#twins(client);
      else if (this.#dice.chance(ownShare)) await this.#ownFile(client);
      else await this.#hotPath(client);
    }
  }

  /** Five times the mean: most pauses are short. */
  get #thinkMsMax(): number {
    const { workMs, clients, operations } = this.#plan;
    return (5 * workMs * clients) / operations;
  }

  #size(): number {
    const { largeShare } = this.#plan;
    if (this.#dice.chance(largeShare)) return this.#dice.oneOf(largeSizes);
    if (this.#dice.chance(0.7)) return Math.round(this.#dice.skewed(1, 20_000));
    return this.#dice.oneOf(smallSizes);
  }

  /** Written once, and read now and then. */
  async #ownFile(client: Client): Promise<void> {
    if (this.#kept.length > 0 && this.#dice.chance(0.5)) {
      await client.get(this.#dice.oneOf(this.#kept));
      return;
    }
    const path = `/own/${client.name}/${++this.#own}`;
    await client.create(path, client.newContent(this.#size()));
    this.#kept.push(path);
  }

  /** Each removal sees the other's name, and may count on it. */
  async #twins(client: Client): Promise<void> {
    const path = `/own/${client.name}/${++this.#own}`;
    const twin = `${path}-twin`;
    await client.create(path, client.newContent(this.#size()));
    await client.transfer('copy', path, twin);
    await Promise.all([client.remove(path), client.remove(twin)]);
  }

  /** Copies and moves stay within a group of paths, so that a history falls into small parts. */
  async #hotPath(client: Client): Promise<void> {
    const { groups, pathsPerGroup } = this.#plan;
    const group = `/hot/${this.#dice.whole(1, groups)}`;
    const path = `${group}/${this.#dice.whole(1, pathsPerGroup)}`;
    const other = `${group}/${this.#dice.whole(1, pathsPerGroup + 1)}`;
    const choice = this.#dice.fraction();
    if (choice < 0.32) await client.create(path, client.newContent(this.#size()));
    else if (choice < 0.54) await client.get(path);
    else if (choice < 0.66) await client.exists(path);
    else if (choice < 0.8 || path === other) await client.remove(path);
    else await client.transfer(choice < 0.91 ? 'copy' : 'move', path, other);
  }
}

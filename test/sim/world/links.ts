/**
 * What lies between machines: how long a packet takes from one to the other, and whether it gets
 * there. Each direction is cut and mended by itself.
 */
import type { Dice } from './dice.ts';
import { mishap } from './mishap.ts';
import type { Scheduler } from './scheduler.ts';

export interface LinkWeather {
  readonly latencyMsMin: number;
  readonly latencyMsMax: number;
  /** Of segments that come late by a retransmission. */
  readonly lossRate: number;
}

export const fairWeather: LinkWeather = { latencyMsMin: 0.1, latencyMsMax: 1, lossRate: 0 };

const retransmissionMsMin = 200;
const retransmissionMsMax = 800;
const bytesPerMs = 100_000;

export class Links {
  weather: LinkWeather = fairWeather;
  readonly scheduler: Scheduler;
  readonly dice: Dice;
  readonly #cuts = new Set<string>();
  readonly #slow = new Map<string, number>();
  readonly #onMend = new Set<() => void>();

  constructor(scheduler: Scheduler, dice: Dice) {
    this.scheduler = scheduler;
    this.dice = dice;
  }

  isCut(from: string, to: string): boolean {
    return from !== to && this.#cuts.has(`${from}>${to}`);
  }

  cut(from: string, to: string): void {
    this.#cuts.add(`${from}>${to}`);
  }

  mend(from: string, to: string): void {
    this.#cuts.delete(`${from}>${to}`);
    this.#mended();
  }

  mendAll(): void {
    this.#cuts.clear();
    this.#slow.clear();
    this.#mended();
  }

  /** Everything from and to this machine takes so many times as long. */
  slow(machine: string, factor: number): void {
    this.#slow.set(machine, factor);
  }

  quicken(machine: string): void {
    this.#slow.delete(machine);
  }

  /** Calls back whenever something is mended, until told to stop. */
  onMend(listener: () => void): () => void {
    this.#onMend.add(listener);
    return () => this.#onMend.delete(listener);
  }

  latencyMs(from: string, to: string, bytes: number): number {
    if (from === to) return 0.02;
    const { latencyMsMin, latencyMsMax, lossRate } = this.weather;
    const factor = (this.#slow.get(from) ?? 1) * (this.#slow.get(to) ?? 1);
    const way = this.dice.skewed(latencyMsMin, latencyMsMax) * factor + bytes / bytesPerMs;
    if (!mishap(this, 'lossy-network', lossRate)) return way;
    return way + this.dice.between(retransmissionMsMin, retransmissionMsMax);
  }

  /** After a cut is mended, until the next retransmission gets through. */
  catchUpMs(): number {
    return this.dice.between(0, retransmissionMsMax);
  }

  #mended(): void {
    for (const listener of [...this.#onMend]) listener();
  }
}

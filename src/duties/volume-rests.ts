/** Volumes that were looked at lately and are left alone for a while. */
import type { VolumeId } from '#base/ids.ts';
import type { Clock } from '#io/world.ts';

export class VolumeRests {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #restMs: number;
  readonly #until = new Map<VolumeId, number>();

  constructor(clock: Pick<Clock, 'now'>, restMs: number) {
    this.#clock = clock;
    this.#restMs = restMs;
  }

  rests(id: VolumeId): boolean {
    return (this.#until.get(id) ?? 0) > this.#clock.now();
  }

  begin(id: VolumeId): void {
    for (const other of this.#until.keys()) if (!this.rests(other)) this.#until.delete(other);
    this.#until.set(id, this.#clock.now() + this.#restMs);
  }

  end(id: VolumeId): void {
    this.#until.delete(id);
  }
}

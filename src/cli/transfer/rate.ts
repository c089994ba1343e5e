/** How quickly bytes go by of late. Pure. */
interface Mark {
  readonly atMs: number;
  readonly bytes: number;
}

const windowMs = 5000;

export class Rate {
  readonly #marks: Mark[] = [];

  /** `bytes`: all so far. Bytes that are sent again may make it less than before. */
  see(atMs: number, bytes: number): void {
    this.#marks.push({ atMs, bytes });
    while (this.#marks.length > 2 && atMs - (this.#marks[1]?.atMs ?? atMs) >= windowMs) {
      this.#marks.shift();
    }
  }

  get bytesPerSecond(): number {
    const first = this.#marks[0];
    const last = this.#marks.at(-1);
    if (first === undefined || last === undefined || last.atMs === first.atMs) return 0;
    return Math.max(0, ((last.bytes - first.bytes) * 1000) / (last.atMs - first.atMs));
  }
}

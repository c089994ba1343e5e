/**
 * A hash over all that happens in a run: two runs of one seed must end with the same. And a count
 * of all that went wrong in it, by kind.
 */
export class Trace {
  events = 0;
  readonly faults = new Map<string, number>();
  #first = 0x811c9dc5;
  #second = 0x2545f491;
  readonly #number = new Float64Array(1);
  readonly #halves = new Int32Array(this.#number.buffer);

  add(number: number): void {
    this.#number[0] = number;
    this.#mix(this.#halves[0] as number);
    this.#mix(this.#halves[1] as number);
  }

  fault(kind: string): void {
    this.faults.set(kind, (this.faults.get(kind) ?? 0) + 1);
  }

  addText(text: string): void {
    for (let at = 0; at < text.length; at++) this.#mix(text.charCodeAt(at));
  }

  get hash(): string {
    const hex = (half: number) => (half >>> 0).toString(16).padStart(8, '0');
    return hex(this.#first) + hex(this.#second);
  }

  #mix(half: number): void {
    this.#first = Math.imul(this.#first ^ half, 0x01000193) + 1;
    this.#second = Math.imul(this.#second ^ (half + this.#first), 0x9e3779b1);
    this.#second ^= this.#second >>> 15;
  }
}

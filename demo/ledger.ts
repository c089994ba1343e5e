/** What the clients were told: the audit holds the cluster to it. */
import type { AskedFile } from '../test/support/busy-door.ts';

export class Ledger {
  readonly #acknowledged: AskedFile[] = [];
  /** Names that a refused request would have made. */
  readonly #refused: string[] = [];
  #bytes = 0;
  #refusals = 0;

  get acknowledged(): readonly AskedFile[] {
    return this.#acknowledged;
  }

  get refused(): readonly string[] {
    return this.#refused;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** All of them, those on names that others had taken too. */
  get refusals(): number {
    return this.#refusals;
  }

  acknowledge(file: AskedFile): void {
    this.#acknowledged.push(file);
    this.#bytes += file.size;
  }

  /** Without a name: the one that was asked for is another file's, and stays so. */
  refuse(name?: string): void {
    this.#refusals += 1;
    if (name !== undefined) this.#refused.push(name);
  }
}

/** The operations that a search has yet to place, and what they can tell apart. */
import type { Awaited } from './files-model.ts';
import { type Operation, pathsOf } from './history.ts';

export class OpenEnds implements Awaited {
  readonly #values = new Map<string, number>();
  readonly #requests = new Map<string, number>();

  constructor(operations: readonly Operation[]) {
    for (const operation of operations) this.add(operation);
  }

  add(operation: Operation): void {
    this.#count(operation, 1);
  }

  remove(operation: Operation): void {
    this.#count(operation, -1);
  }

  hasValue(value: string): boolean {
    return (this.#values.get(value) ?? 0) > 0;
  }

  hasRequest(request: string): boolean {
    return (this.#requests.get(request) ?? 0) > 0;
  }

  /** Equal for changes of which no other operation can tell which one happened. */
  sameness({ call }: Operation): string {
    if (!('request' in call)) return '';
    const value = call.verb === 'create' && this.hasValue(call.value) ? call.value : '';
    const request = (this.#requests.get(call.request) ?? 0) > 1 ? call.request : '';
    return [call.verb, ...pathsOf(call), value, request].join(' ');
  }

  #count({ call, result: { value } }: Operation, by: 1 | -1): void {
    if (value !== undefined) add(this.#values, value, by);
    if (!('request' in call)) return;
    add(this.#requests, call.request, by);
  }
}

function add(counts: Map<string, number>, name: string, by: number): void {
  counts.set(name, (counts.get(name) ?? 0) + by);
}

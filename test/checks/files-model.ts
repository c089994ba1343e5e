/**
 * What files are to whoever sees them from outside: paths that hold a value or nothing, each change
 * at once and whole. Immutable: `apply` gives the state after an operation, or undefined where the
 * operation can't have had its result in this state.
 */
import type { Operation } from './history.ts';

interface Held {
  readonly value: string;
  /** Who put it there: a repetition of the same request changes nothing and succeeds. */
  readonly request: string;
}

/** What operations that are yet to come ask for. */
export interface Awaited {
  hasValue(value: string): boolean;
  hasRequest(request: string): boolean;
}

const receiptOf = ({ path, request }: { path: string; request: string }): string =>
  `${path} ${request}`;

export class FilesState {
  static readonly empty = new FilesState(new Map(), new Map());
  readonly #held: ReadonlyMap<string, Held>;
  /** Paths, each with the request that removed it; and that request. */
  readonly #removals: ReadonlyMap<string, string>;

  private constructor(held: ReadonlyMap<string, Held>, removals: ReadonlyMap<string, string>) {
    this.#held = held;
    this.#removals = removals;
  }

  /** Equal for states that no operation which is awaited can tell apart. */
  keyFor(awaited: Awaited): string {
    const value = (name: string) => (awaited.hasValue(name) ? name : '');
    const request = (name: string) => (awaited.hasRequest(name) ? name : '');
    const paths = [...this.#held].map(
      ([path, held]) => `${path}=${value(held.value)}#${request(held.request)}`,
    );
    const removals = [...this.#removals].flatMap(([receipt, by]) => (request(by) ? receipt : []));
    return `${paths.sort().join()};${removals.sort().join()}`;
  }

  apply({ call, result: { kind, value } }: Operation): FilesState | undefined {
    const held = this.#held.get(call.path);
    switch (call.verb) {
      case 'get':
        if (kind === 'missing') return this.#if(held === undefined);
        return this.#if(kind === 'unknown' || (held !== undefined && held.value === value));
      case 'exists':
        if (kind === 'missing') return this.#if(held === undefined);
        return this.#if(kind === 'unknown' || held !== undefined);
      case 'create':
        if (held === undefined) return kind === 'taken' ? undefined : this.#with(call.path, call);
        return this.#if((held.request === call.request) === (kind !== 'taken'));
      case 'remove':
        if (this.#removals.has(receiptOf(call))) return this.#if(kind !== 'missing');
        if (held === undefined) return this.#if(kind !== 'done');
        return kind === 'missing' ? undefined : this.#without(call);
      case 'copy':
      case 'move':
        return this.#transfer(call.verb, call.path, call.to, call.request, kind);
    }
  }

  #transfer(
    verb: 'copy' | 'move',
    from: string,
    to: string,
    request: string,
    kind: string,
  ): FilesState | undefined {
    const source = this.#held.get(from);
    const taken = this.#held.get(to);
    if (taken?.request === request) return this.#if(kind === 'done' || kind === 'unknown');
    if (source === undefined) return this.#if(kind === 'missing' || kind === 'unknown');
    if (taken !== undefined) return this.#if(kind === 'taken' || kind === 'unknown');
    if (kind !== 'done' && kind !== 'unknown') return undefined;
    const held = new Map(this.#held).set(to, { value: source.value, request });
    if (verb === 'move') held.delete(from);
    return new FilesState(held, this.#removals);
  }

  #if(isPossible: boolean): FilesState | undefined {
    return isPossible ? this : undefined;
  }

  #with(path: string, { value, request }: Held): FilesState {
    return new FilesState(new Map(this.#held).set(path, { value, request }), this.#removals);
  }

  #without(call: { path: string; request: string }): FilesState {
    const held = new Map(this.#held);
    held.delete(call.path);
    return new FilesState(held, new Map(this.#removals).set(receiptOf(call), call.request));
  }
}

/**
 * Judges a history: is there an order of the operations, each at one moment between its call and
 * its return, in which all results are right? What nobody was told the end of may have happened at
 * any later moment, or never. Wing and Gong's search with Lowe's memory, path by path; paths that a
 * copy or a move connects are judged together.
 */
import { FilesState } from './files-model.ts';
import { type Operation, pathsOf } from './history.ts';

export interface Violation {
  /** All operations on the paths concerned. */
  readonly operations: readonly Operation[];
  /** The longest right order found of some of them. */
  readonly order: readonly Operation[];
  /** The first to return of those that fit nowhere after it. */
  readonly stuck: Operation;
}

export interface Judgement {
  readonly components: number;
  readonly violations: readonly Violation[];
  /** Operations of components that took too long to judge. */
  readonly undecided: number;
}

const stepsMaxDefault = 500_000;

export function judge(history: readonly Operation[], stepsMax = stepsMaxDefault): Judgement {
  const components = componentsOf(history);
  const violations: Violation[] = [];
  let undecided = 0;
  for (const operations of components) {
    const verdict = new Search(operations, stepsMax).run();
    if (verdict === 'undecided') undecided += operations.length;
    else if (verdict !== undefined) violations.push(verdict);
  }
  return { components: components.length, violations, undecided };
}

/** Operations that have to do with each other's paths, in the order of their calls. */
export function componentsOf(history: readonly Operation[]): Operation[][] {
  const parents = new Map<string, string>();
  const rootOf = (path: string): string => {
    const parent = parents.get(path) ?? path;
    return parent === path ? path : rootOf(parent);
  };
  for (const { call } of history) {
    const [first, second] = pathsOf(call);
    if (first !== undefined && second !== undefined) parents.set(rootOf(first), rootOf(second));
  }
  const components = new Map<string, Operation[]>();
  for (const operation of history.toSorted((a, b) => a.calledAt - b.calledAt)) {
    const root = rootOf(operation.call.path);
    const component = components.get(root);
    if (component === undefined) components.set(root, [operation]);
    else component.push(operation);
  }
  return [...components.values()];
}

/** If it changes nothing where it fits now, it would change nothing wherever else it fits. */
const neverChanges = ({ call: { verb }, result: { kind } }: Operation): boolean =>
  kind === 'missing' || kind === 'taken' || (kind === 'done' && reading.has(verb));

const reading = new Set(['get', 'exists', 'remove']);

class Search {
  readonly #operations: readonly Operation[];
  readonly #stepsMax: number;
  readonly #isPlaced: boolean[];
  readonly #order: Operation[] = [];
  readonly #seen = new Set<string>();
  /** Operations whose end somebody was told and that aren't placed. */
  #open: number;
  #steps = 0;
  #best: { readonly order: readonly Operation[]; readonly placed: ReadonlySet<Operation> };

  constructor(operations: readonly Operation[], stepsMax: number) {
    this.#operations = operations.filter(
      ({ result, call }) =>
        result.kind !== 'unknown' || (call.verb !== 'get' && call.verb !== 'exists'),
    );
    this.#stepsMax = stepsMax;
    this.#isPlaced = this.#operations.map(() => false);
    this.#open = this.#operations.filter(({ result }) => result.kind !== 'unknown').length;
    this.#best = { order: [], placed: new Set() };
  }

  run(): Violation | 'undecided' | undefined {
    if (this.#search(FilesState.empty)) return undefined;
    if (this.#steps > this.#stepsMax) return 'undecided';
    const { order, placed } = this.#best;
    const [stuck] = this.#operations
      .filter((one) => one.result.kind !== 'unknown' && !placed.has(one))
      .sort((a, b) => a.returnedAt - b.returnedAt);
    return { operations: this.#operations, order, stuck: stuck as Operation };
  }

  #search(state: FilesState): boolean {
    if (this.#open === 0) return true;
    if (++this.#steps > this.#stepsMax) return false;
    const key = `${this.#placedKey()}|${state.key}`;
    if (this.#seen.has(key)) return false;
    this.#seen.add(key);
    this.#remember();
    const candidates = this.#candidates();
    // What changes nothing is best placed at once: no later order could need it to be elsewhere.
    for (const index of candidates) {
      const operation = this.#operations[index] as Operation;
      if (neverChanges(operation) && state.apply(operation) === state) {
        return this.#place(index, state);
      }
    }
    for (const index of candidates) {
      const next = state.apply(this.#operations[index] as Operation);
      if (next === undefined) continue;
      if (next === state && this.#operations[index]?.result.kind === 'unknown') continue;
      if (this.#place(index, next)) return true;
    }
    return false;
  }

  #place(index: number, next: FilesState): boolean {
    const operation = this.#operations[index] as Operation;
    const counts = operation.result.kind === 'unknown' ? 0 : 1;
    this.#isPlaced[index] = true;
    this.#order.push(operation);
    this.#open -= counts;
    if (this.#search(next)) return true;
    this.#isPlaced[index] = false;
    this.#order.pop();
    this.#open += counts;
    return false;
  }

  /**
   * Those that may come next: called before any other that isn't placed has returned. First the
   * first to return; what nobody was told the end of is tried where nothing else fits.
   */
  #candidates(): number[] {
    let firstReturn = Number.POSITIVE_INFINITY;
    const found: number[] = [];
    for (const [index, operation] of this.#operations.entries()) {
      if (operation.calledAt > firstReturn) break;
      if (this.#isPlaced[index]) continue;
      found.push(index);
      if (operation.result.kind !== 'unknown') {
        firstReturn = Math.min(firstReturn, operation.returnedAt);
      }
    }
    const returnOf = (index: number) => (this.#operations[index] as Operation).returnedAt;
    return found
      .filter((index) => (this.#operations[index] as Operation).calledAt <= firstReturn)
      .sort((a, b) => returnOf(a) - returnOf(b) || a - b);
  }

  #placedKey(): string {
    const words: number[] = [];
    for (const [index, isPlaced] of this.#isPlaced.entries()) {
      if (index % 16 === 0) words.push(0);
      if (isPlaced) words[words.length - 1] = (words.at(-1) as number) | (1 << (index % 16));
    }
    return String.fromCharCode(...words);
  }

  #remember(): void {
    if (this.#order.length <= this.#best.order.length && this.#best.order.length > 0) return;
    this.#best = { order: [...this.#order], placed: new Set(this.#order) };
  }
}

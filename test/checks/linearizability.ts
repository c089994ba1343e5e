/**
 * Judges a history: is there an order of the operations, each at one moment between its call and
 * its return, in which all results are right? What nobody was told the end of may have happened at
 * any later moment, or never. Wing and Gong's search with Lowe's memory, path by path; paths that a
 * copy or a move connects are judged together.
 */
import { crc32 } from 'node:zlib';
import { FilesState } from './files-model.ts';
import { type Operation, pathsOf } from './history.ts';
import { OpenEnds } from './open-ends.ts';

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

/** Where one order of trying gets lost another is often quick. */
const attempts = 12;
const stepsMax = 20_000;

/** `attempt`: the order of trying to begin with. */
export function judge(history: readonly Operation[], attempt = 0): Judgement {
  const components = componentsOf(history);
  const violations: Violation[] = [];
  let undecided = 0;
  for (const operations of components) {
    const verdict = verdictOn(operations, attempt);
    if (verdict === 'undecided') undecided += operations.length;
    else if (verdict !== undefined) violations.push(verdict);
  }
  return { components: components.length, violations, undecided };
}

function verdictOn(
  operations: readonly Operation[],
  first: number,
): Violation | 'undecided' | undefined {
  for (let attempt = first; attempt < first + attempts; attempt++) {
    const verdict = new Search(operations, attempt).run();
    if (verdict !== 'undecided') return verdict;
  }
  return 'undecided';
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

/**
 * First the first to return; or, tried anew, in any order. What nobody was told the end of is tried
 * where nothing else fits; among equals, the first to be called.
 */
function rankOf({ call, result, returnedAt }: Operation, index: number, attempt: number): number {
  const isUnknown = result.kind === 'unknown';
  if (attempt === 0) return isUnknown ? Number.MAX_VALUE : returnedAt;
  const any = crc32(`${attempt} ${isUnknown ? [call.verb, ...pathsOf(call)] : index}`);
  return isUnknown ? 2 ** 32 + any : any;
}

class Search {
  readonly #operations: readonly Operation[];
  /** The order in which they are tried. */
  readonly #ranks: readonly number[];
  readonly #isPlaced: boolean[];
  readonly #order: Operation[] = [];
  /** What was placed of those of unknown outcome, by all else that a search starts from. */
  readonly #seen = new Map<string, bigint[]>();
  readonly #openEnds: OpenEnds;
  /** Operations whose end somebody was told and that aren't placed. */
  #open: number;
  #steps = 0;
  #best: { readonly order: readonly Operation[]; readonly placed: ReadonlySet<Operation> };

  constructor(operations: readonly Operation[], attempt: number) {
    this.#operations = operations.filter(
      ({ result, call }) =>
        result.kind !== 'unknown' || (call.verb !== 'get' && call.verb !== 'exists'),
    );
    this.#ranks = this.#operations.map((operation, index) => rankOf(operation, index, attempt));
    this.#openEnds = new OpenEnds(this.#operations);
    this.#isPlaced = this.#operations.map(() => false);
    this.#open = this.#operations.filter(({ result }) => result.kind !== 'unknown').length;
    this.#best = { order: [], placed: new Set() };
  }

  run(): Violation | 'undecided' | undefined {
    if (this.#search(FilesState.empty)) return undefined;
    if (this.#steps > stepsMax) return 'undecided';
    const { order, placed } = this.#best;
    const [stuck] = this.#operations
      .filter((one) => one.result.kind !== 'unknown' && !placed.has(one))
      .sort((a, b) => a.returnedAt - b.returnedAt);
    return { operations: this.#operations, order, stuck: stuck as Operation };
  }

  #search(state: FilesState): boolean {
    if (this.#open === 0) return true;
    if (++this.#steps > stepsMax) return false;
    if (this.#isHopeless(state)) return false;
    this.#remember();
    const candidates = this.#candidates();
    // What changes nothing is best placed at once: no later order could need it to be elsewhere.
    for (const index of candidates) {
      const operation = this.#operations[index] as Operation;
      if (neverChanges(operation) && state.apply(operation) === state) {
        return this.#place(index, state);
      }
    }
    const tried = new Set<string>();
    for (const index of candidates) {
      const operation = this.#operations[index] as Operation;
      const next = state.apply(operation);
      if (next === undefined) continue;
      if (operation.result.kind === 'unknown') {
        const sameness = this.#openEnds.sameness(operation);
        if (next === state || tried.has(sameness)) continue;
        tried.add(sameness);
      }
      if (this.#place(index, next)) return true;
    }
    return false;
  }

  #place(index: number, next: FilesState): boolean {
    const operation = this.#operations[index] as Operation;
    const counts = operation.result.kind === 'unknown' ? 0 : 1;
    this.#isPlaced[index] = true;
    this.#order.push(operation);
    this.#openEnds.remove(operation);
    this.#open -= counts;
    if (this.#search(next)) return true;
    this.#isPlaced[index] = false;
    this.#order.pop();
    this.#openEnds.add(operation);
    this.#open += counts;
    return false;
  }

  /** Those that may come next: called before any other that isn't placed has returned. */
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
    const rank = (index: number) => this.#ranks[index] as number;
    return found
      .filter((index) => (this.#operations[index] as Operation).calledAt <= firstReturn)
      .sort((a, b) => rank(a) - rank(b) || a - b);
  }

  /**
   * As much was answered before, in as good a state, and no more was left to happen unseen than is
   * now: that search fails, so this one would.
   */
  #isHopeless(state: FilesState): boolean {
    const answered: number[] = [];
    let unseen = 0n;
    for (const [index, isPlaced] of this.#isPlaced.entries()) {
      if (index % 16 === 0) answered.push(0);
      if (!isPlaced) continue;
      if (this.#operations[index]?.result.kind === 'unknown') unseen |= 1n << BigInt(index);
      else answered[answered.length - 1] = (answered.at(-1) as number) | (1 << (index % 16));
    }
    const key = `${String.fromCharCode(...answered)}|${state.keyFor(this.#openEnds)}`;
    const before = this.#seen.get(key) ?? [];
    if (before.some((less) => (less & unseen) === less)) return true;
    this.#seen.set(key, [...before.filter((more) => (more & unseen) !== unseen), unseen]);
    return false;
  }

  #remember(): void {
    if (this.#order.length <= this.#best.order.length && this.#best.order.length > 0) return;
    this.#best = { order: [...this.#order], placed: new Set(this.#order) };
  }
}

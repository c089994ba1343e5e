/**
 * Which keys a set of transactions reads and writes, and whether another one would meet them.
 * Single keys, by far the most, cost one hash look-up. A span is compared only with the keys of its
 * own family (what stands before the second slash: `b/<blob>/`), unless it is wider than one.
 */
import { compareKeys, spanHas } from '#kv/key-order.ts';
import { type KeySpan, prefixEnd, type Txn } from '#kv/kv.ts';

interface TouchedSpan {
  readonly span: Required<KeySpan>;
  readonly written: boolean;
}

/** Up to and with the second slash; keys without one are of the family ''. */
function familyOf(key: string): string {
  const first = key.indexOf('/');
  const second = first < 0 ? -1 : key.indexOf('/', first + 1);
  return key.slice(0, second + 1);
}

/** The family that holds the whole span, or undefined if it is wider than one. */
function familyOfSpan({ start, end }: Required<KeySpan>): string | undefined {
  const family = familyOf(start);
  if (family === '') return undefined;
  return compareKeys(end, prefixEnd(family)) <= 0 ? family : undefined;
}

const spansMeet = (a: Required<KeySpan>, b: Required<KeySpan>): boolean =>
  compareKeys(a.start, b.end) < 0 && compareKeys(b.start, a.end) < 0;

type Visit = (touched: KeySpan, written: boolean) => boolean;

/** Visits all that the transaction touches until `visit` says true; says whether it did. */
function someTouched(txn: Txn, visit: Visit): boolean {
  for (const compare of txn.compare) if (visit(compare, false)) return true;
  return someTouchedBy(txn.then, visit) || someTouchedBy(txn.else, visit);
}

function someTouchedBy(ops: Txn['then'], visit: Visit): boolean {
  for (const op of ops) {
    if (op.kind === 'txn') {
      if (someTouched(op, visit)) return true;
    } else if (op.kind === 'put') {
      if (visit({ start: op.key }, true)) return true;
    } else if (visit(op, op.kind === 'delete')) return true;
  }
  return false;
}

export class TouchedKeys {
  /** True: written. */
  readonly #keys = new Map<string, boolean>();
  readonly #wideSpans: TouchedSpan[] = [];
  readonly #spansOfFamily = new Map<string, TouchedSpan[]>();
  /** Built with the first span that needs it: most batches have none. */
  #keysOfFamily: Map<string, string[]> | undefined;

  /** Does the transaction write what is read or written here, or read what is written here? */
  meets(txn: Txn): boolean {
    return someTouched(txn, this.#meets);
  }

  add(txn: Txn): void {
    someTouched(txn, this.#add);
  }

  readonly #meets: Visit = ({ start, end }, written) =>
    end === undefined ? this.#keyMeets(start, written) : this.#spanMeets({ start, end }, written);

  #keyMeets(key: string, written: boolean): boolean {
    const known = this.#keys.get(key);
    if (known !== undefined && (known || written)) return true;
    const hit = (other: TouchedSpan) => (other.written || written) && spanHas(other.span, key);
    if (this.#wideSpans.some(hit)) return true;
    if (this.#spansOfFamily.size === 0) return false;
    return this.#spansOfFamily.get(familyOf(key))?.some(hit) ?? false;
  }

  #spanMeets(span: Required<KeySpan>, written: boolean): boolean {
    const family = familyOfSpan(span);
    const keys = family === undefined ? this.#keys.keys() : this.#familyKeys().get(family);
    for (const key of keys ?? []) {
      if ((written || this.#keys.get(key) === true) && spanHas(span, key)) return true;
    }
    const hit = (other: TouchedSpan) => (other.written || written) && spansMeet(other.span, span);
    if (this.#wideSpans.some(hit)) return true;
    if (family !== undefined) return this.#spansOfFamily.get(family)?.some(hit) ?? false;
    for (const spans of this.#spansOfFamily.values()) if (spans.some(hit)) return true;
    return false;
  }

  readonly #add: Visit = ({ start, end }, written) => {
    if (end === undefined) this.#addKey(start, written);
    else this.#addSpan({ span: { start, end }, written });
    return false;
  };

  #addKey(key: string, written: boolean): void {
    const known = this.#keys.get(key);
    if (known === undefined && this.#keysOfFamily !== undefined) {
      pushTo(this.#keysOfFamily, familyOf(key), key);
    }
    if (known !== true) this.#keys.set(key, written);
  }

  #addSpan(touched: TouchedSpan): void {
    const family = familyOfSpan(touched.span);
    if (family === undefined) this.#wideSpans.push(touched);
    else pushTo(this.#spansOfFamily, family, touched);
  }

  #familyKeys(): Map<string, string[]> {
    if (this.#keysOfFamily === undefined) {
      this.#keysOfFamily = new Map();
      for (const key of this.#keys.keys()) pushTo(this.#keysOfFamily, familyOf(key), key);
    }
    return this.#keysOfFamily;
  }
}

function pushTo<T>(lists: Map<string, T[]>, key: string, item: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
}

/**
 * The names service: a node sends operations on names, many in a message, to the one that combines
 * them with those of others. Plain tuples: packed and unpacked tens of thousands of times a second,
 * they take a third of what objects with their field names would.
 */
export const namesMethods = {
  /** NamesBundle<WireRead> → NamesReply<WireReadResult>. */
  read: 'names.read',
  /** NamesBundle<WireWrite> → NamesReply<WireWriteResult>. */
  write: 'names.write',
} as const;

export interface NamesBundle<T> {
  /** How long the sender will wait. */
  readonly timeoutMs: number;
  readonly operations: readonly T[];
}

/**
 * In order of the bundle: a result (an array) or what errors look like between processes (an
 * object).
 */
export interface NamesReply<R> {
  readonly outcomes: readonly (R | object)[];
}

/** `end` null: the one key. `limit` 0: none given. */
export type WireRange = readonly [
  start: string,
  end: string | null,
  limit: number,
  keysOnly: 0 | 1,
];

export type WireRead = readonly WireRange[];

/** `test`: index in `wireFields` × 4 + index in `wireRelations`. */
export type WireCompare = readonly [start: string, end: string | null, test: number, value: number];
export const wireFields = ['version', 'mod', 'create'] as const;
export const wireRelations = ['=', '!=', '<', '>'] as const;

/** A put if the second is bytes, else the removal of a key (null) or of all up to `end`. */
export type WireChange = readonly [key: string, valueOrEnd: Buffer | string | null];

export type WireWrite = readonly [
  operation: string,
  /** 1: leaves its marker behind always. */
  marked: 0 | 1,
  compare: readonly WireCompare[],
  then: readonly WireChange[],
  orElse: readonly WireRange[],
];

export type WireEntry = readonly [
  key: string,
  value: Buffer,
  createRevision: number,
  modRevision: number,
  version: number,
];
export type WireRangeResult = readonly [more: 0 | 1, entries: readonly WireEntry[]];
export type WireReadResult = readonly WireRangeResult[];

/** Of a put: null. Of a removal: how many keys. */
export type WireOpResult = null | number | WireRangeResult;
export type WireWriteResult = readonly [
  succeeded: 0 | 1,
  revision: number,
  results: readonly WireOpResult[],
];

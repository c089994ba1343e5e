/** Operations on names and their results as they cross between nodes. */
import { DftfsError } from '#base/errors.ts';
import type { OperationId } from '#base/ids.ts';
import type { Compare, KvOp, OpResult, RangeOp, RangeResult } from '#kv/kv.ts';
import {
  type NamesBundle,
  type NamesReply,
  type WireChange,
  type WireCompare,
  type WireOpResult,
  type WireRange,
  type WireRangeResult,
  type WireRead,
  type WireReadResult,
  type WireWrite,
  type WireWriteResult,
  wireFields,
  wireRelations,
} from '#protocol/names.ts';
import { errorFromWire, errorToWire } from '#rpc/errors-on-the-wire.ts';
import type { WriteRequest, WriteResult } from '../committer.ts';
import type { Settled } from './lane.ts';

/** One kind of operation: how it and its result are written and read. */
export interface Codec<T, R> {
  encode(operation: T): unknown;
  decode(wire: unknown): T;
  encodeResult(result: R): unknown;
  decodeResult(wire: unknown): R;
}

export const readCodec: Codec<readonly RangeOp[], readonly RangeResult[]> = {
  encode: (ranges) => ranges.map(encodeRange),
  decode: (wire) => (wire as WireRead).map(decodeRange),
  encodeResult: (results) => results.map(encodeRangeResult),
  decodeResult: (wire) => (wire as WireReadResult).map(decodeRangeResult),
};

export const writeCodec: Codec<WriteRequest, WriteResult> = {
  encode: ({ operation, marker, txn }) =>
    [
      operation,
      marker === 'always' ? 1 : 0,
      txn.compare.map(encodeCompare),
      (txn.then as readonly KvOp[]).map(encodeChange),
      (txn.else as readonly RangeOp[]).map(encodeRange),
    ] satisfies WireWrite,
  decode: (wire) => {
    const [operation, marked, compare, then, orElse] = wire as WireWrite;
    return {
      operation: operation as OperationId,
      marker: marked === 1 ? 'always' : 'direct',
      txn: {
        compare: compare.map(decodeCompare),
        then: then.map(decodeChange),
        else: orElse.map(decodeRange),
      },
    };
  },
  encodeResult: (result) => {
    if (result.earlier) throw new TypeError('a combined operation has no earlier try');
    const { succeeded, revision, results } = result;
    return [succeeded ? 1 : 0, revision, results.map(encodeOpResult)] satisfies WireWriteResult;
  },
  decodeResult: (wire) => {
    const [succeeded, revision, results] = wire as WireWriteResult;
    return {
      succeeded: succeeded === 1,
      revision,
      results: results.map(decodeOpResult),
      earlier: false,
    };
  },
};

export function encodeBundle<T, R>(
  codec: Codec<T, R>,
  operations: readonly T[],
  timeoutMs: number,
): NamesBundle<unknown> {
  return { timeoutMs, operations: operations.map(codec.encode) };
}

export function decodeBundle<T, R>(
  codec: Codec<T, R>,
  head: unknown,
): { readonly timeoutMs: number; readonly operations: readonly T[] } {
  return understood('bundle of operations', () => {
    const { timeoutMs, operations } = head as NamesBundle<unknown>;
    if (typeof timeoutMs !== 'number') throw new TypeError('no timeout');
    return { timeoutMs, operations: operations.map(codec.decode) };
  });
}

export function encodeReply<T, R>(
  codec: Codec<T, R>,
  outcomes: readonly Settled<R>[],
): NamesReply<unknown> {
  return {
    outcomes: outcomes.map((outcome) =>
      outcome instanceof DftfsError ? errorToWire(outcome) : codec.encodeResult(outcome),
    ),
  };
}

export function decodeReply<T, R>(
  codec: Codec<T, R>,
  head: unknown,
  count: number,
): readonly Settled<R>[] {
  return understood('reply to a bundle', () => {
    const { outcomes } = head as NamesReply<unknown>;
    if (outcomes.length !== count) throw new TypeError('not one outcome for each operation');
    return outcomes.map((outcome) =>
      Array.isArray(outcome) ? codec.decodeResult(outcome) : errorFromWire(outcome),
    );
  });
}

/**
 * The peer proved who it is, so what it sends is only checked as far as nothing here can break of
 * it.
 */
function understood<V>(what: string, decode: () => V): V {
  try {
    return decode();
  } catch (cause) {
    throw new DftfsError('invalid_message', `The ${what} was not understood.`, { cause });
  }
}

const encodeCompare = ({ start, end, field, relation, value }: Compare): WireCompare => [
  start,
  end ?? null,
  wireFields.indexOf(field) * 4 + wireRelations.indexOf(relation),
  value,
];

function decodeCompare([start, end, test, value]: WireCompare): Compare {
  const field = wireFields[test >> 2];
  const relation = wireRelations[test & 3];
  if (field === undefined || relation === undefined) throw new TypeError('unknown compare');
  return { ...decodeSpan(start, end), field, relation, value };
}

function decodeSpan(start: string, end: string | null): { start: string; end?: string } {
  if (typeof start !== 'string') throw new TypeError('not a key');
  if (end === null) return { start };
  if (typeof end !== 'string') throw new TypeError('not the end of a span');
  return { start, end };
}

const encodeRange = ({ start, end, limit, keysOnly }: RangeOp): WireRange => [
  start,
  end ?? null,
  limit ?? 0,
  keysOnly === true ? 1 : 0,
];

function decodeRange([start, end, limit, keysOnly]: WireRange): RangeOp {
  return {
    kind: 'range',
    ...decodeSpan(start, end),
    ...(limit === 0 ? {} : { limit }),
    ...(keysOnly === 1 ? { keysOnly: true } : {}),
  };
}

function encodeChange(op: KvOp): WireChange {
  if (op.kind === 'put') return [op.key, op.value];
  if (op.kind === 'delete') return [op.start, op.end ?? null];
  throw new TypeError('a write has no ranges among its changes');
}

function decodeChange([key, value]: WireChange): KvOp {
  if (!Buffer.isBuffer(value)) return { kind: 'delete', ...decodeSpan(key, value) };
  if (typeof key !== 'string') throw new TypeError('not a key');
  return { kind: 'put', key, value };
}

const encodeRangeResult = ({ more, entries }: RangeResult): WireRangeResult => [
  more ? 1 : 0,
  entries.map((entry) => [
    entry.key,
    entry.value,
    entry.createRevision,
    entry.modRevision,
    entry.version,
  ]),
];

const decodeRangeResult = ([more, entries]: WireRangeResult): RangeResult => ({
  kind: 'range',
  more: more === 1,
  entries: entries.map(([key, value, createRevision, modRevision, version]) => ({
    key,
    value,
    createRevision,
    modRevision,
    version,
  })),
});

function encodeOpResult(result: OpResult): WireOpResult {
  if (result.kind === 'put') return null;
  if (result.kind === 'delete') return result.deleted;
  if (result.kind === 'range') return encodeRangeResult(result);
  throw new TypeError('a combined operation has no nested transactions');
}

function decodeOpResult(wire: WireOpResult): OpResult {
  if (wire === null) return { kind: 'put' };
  if (typeof wire === 'number') return { kind: 'delete', deleted: wire };
  return decodeRangeResult(wire);
}

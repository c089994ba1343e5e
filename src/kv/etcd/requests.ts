/** Our operations as etcd's protobuf requests (field numbers: etcd's rpc.proto). */
import { DftfsError } from '#base/errors.ts';
import type { Compare, KeySpan, KvOp, NestedTxn, PutOp, RangeOp, Txn } from '../kv.ts';
import { framePrefixBytes, MessageWriter } from './protobuf.ts';
import type { MemberAlarm } from './responses.ts';

type Encode = (writer: MessageWriter) => void;

function message(encode: Encode, sizeHint?: number, revisionBase?: number): Buffer {
  const writer = new MessageWriter(framePrefixBytes, sizeHint, revisionBase);
  encode(writer);
  return writer.finish();
}

const relations = { '=': 0, '>': 1, '<': 2, '!=': 3 } as const;
const targets = { version: 0, create: 1, mod: 2 } as const;
const targetValueField = { version: 4, create: 5, mod: 6 } as const;

function span(writer: MessageWriter, { start, end }: KeySpan, endField = 2, startField = 1): void {
  writer.text(startField, start);
  if (end !== undefined) writer.text(endField, end);
}

function rangeBody(writer: MessageWriter, range: Omit<RangeOp, 'kind'>): void {
  span(writer, range);
  writer.number(3, range.limit ?? 0);
  writer.revision(4, range.revision ?? 0);
  writer.boolean(8, range.keysOnly ?? false);
}

const opFields = { range: 1, put: 2, delete: 3, txn: 4 } as const;

function opBody(writer: MessageWriter, op: KvOp | NestedTxn): void {
  const at = writer.begin(opFields[op.kind]);
  if (op.kind === 'txn') txnBody(writer, op);
  else if (op.kind === 'put') putBody(writer, op);
  else if (op.kind === 'range') rangeBody(writer, op);
  else span(writer, op);
  writer.end(at);
}

function putBody(writer: MessageWriter, put: PutOp): void {
  writer.text(1, put.key);
  writer.bytes(2, put.value);
  if (put.lease !== undefined) writer.number(3, leaseNumber(put.lease));
}

function compareBody(writer: MessageWriter, compare: Compare): void {
  writer.number(1, relations[compare.relation]);
  writer.number(2, targets[compare.field]);
  span(writer, compare, 64, 3);
  const field = targetValueField[compare.field];
  if (compare.field === 'version') writer.number(field, compare.value);
  else writer.revision(field, compare.value);
}

function txnBody(writer: MessageWriter, txn: Txn): void {
  nestedEach(writer, 1, txn.compare, compareBody);
  nestedEach(writer, 2, txn.then, opBody);
  nestedEach(writer, 3, txn.else, opBody);
}

function nestedEach<T>(
  writer: MessageWriter,
  field: number,
  items: readonly T[],
  body: (writer: MessageWriter, item: T) => void,
): void {
  for (const item of items) {
    const at = writer.begin(field);
    body(writer, item);
    writer.end(at);
  }
}

export const rangeRequest = (range: Omit<RangeOp, 'kind'>, revisionBase = 0): Buffer =>
  message((writer) => rangeBody(writer, range), undefined, revisionBase);

export function txnRequest(txn: Txn, revisionBase: number): Buffer {
  const sizeHint = 256 * (txn.then.length + txn.else.length + 1);
  return message((writer) => txnBody(writer, txn), sizeHint, revisionBase);
}

/** Lease ids are chosen by this driver, below 2^53. */
export function leaseNumber(lease: string): number {
  const id = Number.parseInt(lease, 16);
  if (!Number.isSafeInteger(id) || id <= 0)
    throw new DftfsError('invalid_argument', `Not a lease: ${JSON.stringify(lease)}.`);
  return id;
}

export const grantRequest = (ttlSeconds: number, lease: string): Buffer =>
  message((writer) => {
    writer.number(1, ttlSeconds);
    writer.number(2, leaseNumber(lease));
  });

/** LeaseKeepAlive and LeaseRevoke look alike. */
export const leaseRequest = (lease: string): Buffer =>
  message((writer) => writer.number(1, leaseNumber(lease)));

export function watchRequest(watched: KeySpan, fromRevision: number, revisionBase: number): Buffer {
  const encode: Encode = (writer) => {
    const at = writer.begin(1);
    span(writer, watched);
    writer.revision(3, fromRevision);
    writer.end(at);
  };
  return message(encode, undefined, revisionBase);
}

export const emptyRequest = (): Buffer => message(() => {});

export const compactRequest = (revision: number): Buffer =>
  message((writer) => writer.number(1, revision));

export const memberAddRequest = (peerUrl: string): Buffer =>
  message((writer) => writer.text(1, peerUrl));

export const memberRemoveRequest = (memberId: string): Buffer =>
  message((writer) => writer.id(1, memberId));

/** Asks for all alarms, or disarms the given one. */
export const alarmRequest = (disarm?: MemberAlarm): Buffer =>
  message((writer) => {
    if (disarm === undefined) return;
    writer.number(1, 2);
    writer.id(2, disarm.memberId);
    writer.number(3, disarm.alarm === 'nospace' ? 1 : 2);
  });

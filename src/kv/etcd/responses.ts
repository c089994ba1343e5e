/** etcd's protobuf responses as our results (field numbers: etcd's rpc.proto). */
import type { KvEntry, OpResult, RangeResult, TxnResult, WatchEvent } from '../kv.ts';
import { MessageReader } from './protobuf.ts';

const noValue = Buffer.alloc(0);

function headerRevision(reader: MessageReader): number {
  let revision = 0;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 3) revision = reader.revision();
    else reader.skip();
  }
  return revision;
}

function readEntry(reader: MessageReader): KvEntry {
  let key = '';
  let value: Buffer = noValue;
  let createRevision = 0;
  let modRevision = 0;
  let version = 0;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) key = reader.text();
    else if (field === 2) createRevision = reader.revision();
    else if (field === 3) modRevision = reader.revision();
    else if (field === 4) version = reader.number();
    else if (field === 5) value = reader.bytes();
    else reader.skip();
  }
  return { key, value, createRevision, modRevision, version };
}

function readRange(reader: MessageReader): RangeResult & { revision: number } {
  const entries: KvEntry[] = [];
  let more = false;
  let revision = 0;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) revision = reader.message(headerRevision);
    else if (field === 2) entries.push(reader.message(readEntry));
    else if (field === 3) more = reader.boolean();
    else reader.skip();
  }
  return { kind: 'range', entries, more, revision };
}

function readDeleted(reader: MessageReader): number {
  let deleted = 0;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 2) deleted = reader.number();
    else reader.skip();
  }
  return deleted;
}

interface RawTxnResult {
  succeeded: boolean;
  results: OpResult[];
  revision: number;
}

/** The headers of nested results are empty: `revision` is filled in from the outermost. */
function readTxn(reader: MessageReader, outerRevision?: number): RawTxnResult {
  const result: RawTxnResult = { succeeded: false, results: [], revision: outerRevision ?? 0 };
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1 && outerRevision === undefined)
      result.revision = reader.message(headerRevision);
    else if (field === 2) result.succeeded = reader.boolean();
    else if (field === 3) result.results.push(reader.message((op) => readOp(op, result.revision)));
    else reader.skip();
  }
  return result;
}

function readOp(reader: MessageReader, revision: number): OpResult {
  let result: OpResult | undefined;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) {
      const { entries, more } = reader.message(readRange);
      result = { kind: 'range', entries, more };
    } else if (field === 2) {
      reader.skip();
      result = { kind: 'put' };
    } else if (field === 3) {
      result = { kind: 'delete', deleted: reader.message(readDeleted) };
    } else if (field === 4) {
      result = { kind: 'txn', ...reader.message((nested) => readTxn(nested, revision)) };
    } else reader.skip();
  }
  if (result === undefined) throw new RangeError('empty result in a transaction of etcd');
  return result;
}

export const rangeResponse = (
  bytes: Buffer,
  revisionBase: number,
): RangeResult & { readonly revision: number } => readRange(new MessageReader(bytes, revisionBase));

export const txnResponse = (bytes: Buffer, revisionBase: number): TxnResult =>
  readTxn(new MessageReader(bytes, revisionBase));

/** LeaseGrant and LeaseKeepAlive: seconds to live; 0 says that the lease is gone. */
export function leaseTtlResponse(bytes: Buffer): number {
  const reader = new MessageReader(bytes);
  let ttl = 0;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 3) ttl = reader.number();
    else reader.skip();
  }
  return ttl;
}

function readEvent(reader: MessageReader): WatchEvent {
  let kind: WatchEvent['kind'] = 'put';
  let entry: KvEntry | undefined;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) kind = reader.number() === 1 ? 'delete' : 'put';
    else if (field === 2) entry = reader.message(readEntry);
    else reader.skip();
  }
  if (entry === undefined) throw new RangeError('watch event of etcd without a key');
  return { kind, entry };
}

export interface WatchResponse {
  readonly created: boolean;
  readonly canceled: boolean;
  /** Not 0: the watch asked for history that is compacted. */
  readonly compactRevision: number;
  readonly cancelReason: string;
  readonly events: readonly WatchEvent[];
}

export function watchResponse(bytes: Buffer, revisionBase: number): WatchResponse {
  const reader = new MessageReader(bytes, revisionBase);
  let created = false;
  let canceled = false;
  let compactRevision = 0;
  let cancelReason = '';
  const events: WatchEvent[] = [];
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 3) created = reader.boolean();
    else if (field === 4) canceled = reader.boolean();
    else if (field === 5) compactRevision = reader.revision();
    else if (field === 6) cancelReason = reader.text();
    else if (field === 11) events.push(reader.message(readEvent));
    else reader.skip();
  }
  return { created, canceled, compactRevision, cancelReason, events };
}

export interface MemberStatus {
  readonly memberId: string;
  /** '0': this member knows no leader. */
  readonly leaderId: string;
  readonly version: string;
  readonly raftTerm: number;
  readonly revision: number;
  readonly dbBytes: number;
  readonly dbBytesInUse: number;
  /** 0: the member doesn't say; etcd does from 3.6 on. */
  readonly quotaBytes: number;
}

export function statusResponse(bytes: Buffer): MemberStatus {
  const reader = new MessageReader(bytes);
  let [memberId, leaderId, version] = ['0', '0', ''];
  let [raftTerm, revision, dbBytes, dbBytesInUse, quotaBytes] = [0, 0, 0, 0, 0];
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1)
      reader.message((header) => {
        for (let inner = header.next(); inner !== 0; inner = header.next()) {
          if (inner === 2) memberId = header.id();
          else if (inner === 3) revision = header.number();
          else header.skip();
        }
      });
    else if (field === 2) version = reader.text();
    else if (field === 3) dbBytes = reader.number();
    else if (field === 4) leaderId = reader.id();
    else if (field === 6) raftTerm = reader.number();
    else if (field === 9) dbBytesInUse = reader.number();
    else if (field === 12) quotaBytes = reader.number();
    else reader.skip();
  }
  const sizes = { dbBytes, dbBytesInUse, quotaBytes };
  return { memberId, leaderId, version, raftTerm, revision, ...sizes };
}

export interface MemberAlarm {
  readonly memberId: string;
  readonly alarm: 'nospace' | 'corrupt';
}

export function alarmResponse(bytes: Buffer): MemberAlarm[] {
  const alarms: MemberAlarm[] = [];
  const reader = new MessageReader(bytes);
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field !== 2) {
      reader.skip();
      continue;
    }
    reader.message((item) => {
      let memberId = '0';
      let kind = 0;
      for (let inner = item.next(); inner !== 0; inner = item.next()) {
        if (inner === 1) memberId = item.id();
        else if (inner === 2) kind = item.number();
        else item.skip();
      }
      if (kind !== 0) alarms.push({ memberId, alarm: kind === 1 ? 'nospace' : 'corrupt' });
    });
  }
  return alarms;
}

/** etcd by way of the general libraries, for comparison: only what `etcd-client.ts` measures. */
import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import protobuf from 'protobufjs';
import type { Compare, KvEntry, KvOp, NestedTxn, Txn, TxnResult } from '#kv/kv.ts';

export interface Caller {
  txn(txn: Txn): Promise<TxnResult>;
  get(key: string): Promise<KvEntry | undefined>;
  close(): Promise<void>;
}

const proto = `
syntax = "proto3";
message KeyValue {
  bytes key = 1; int64 create_revision = 2; int64 mod_revision = 3; int64 version = 4;
  bytes value = 5;
}
message ResponseHeader { int64 revision = 3; }
message RangeRequest { bytes key = 1; bytes range_end = 2; int64 limit = 3; }
message RangeResponse { ResponseHeader header = 1; repeated KeyValue kvs = 2; bool more = 3; }
message PutRequest { bytes key = 1; bytes value = 2; }
message PutResponse { ResponseHeader header = 1; }
message RequestOp {
  oneof request { RangeRequest range = 1; PutRequest put = 2; TxnRequest txn = 4; }
}
message ResponseOp {
  oneof response { RangeResponse range = 1; PutResponse put = 2; TxnResponse txn = 4; }
}
message Compare {
  int32 result = 1; int32 target = 2; bytes key = 3;
  oneof value { int64 version = 4; int64 create_revision = 5; int64 mod_revision = 6; }
}
message TxnRequest {
  repeated Compare compare = 1; repeated RequestOp success = 2; repeated RequestOp failure = 3;
}
message TxnResponse {
  ResponseHeader header = 1; bool succeeded = 2; repeated ResponseOp responses = 3;
}
`;

type Long = number | { toNumber(): number };
interface RawEntry {
  key: Buffer;
  value: Buffer;
  createRevision: Long;
  modRevision: Long;
  version: Long;
}
interface RawRange {
  kvs: RawEntry[];
  more: boolean;
}
interface RawTxn {
  header: { revision: Long } | null;
  succeeded: boolean;
  responses: { range?: RawRange; put?: object; txn?: RawTxn }[];
}

const toNumber = (value: Long) => (typeof value === 'number' ? value : value.toNumber());
const relations = { '=': 0, '>': 1, '<': 2, '!=': 3 };
const targets = { version: 0, create: 1, mod: 2 };
const fields = { version: 'version', create: 'createRevision', mod: 'modRevision' };

const toCompare = (compare: Compare) => ({
  result: relations[compare.relation],
  target: targets[compare.field],
  key: Buffer.from(compare.start),
  [fields[compare.field]]: compare.value,
});

function toOp(op: KvOp | NestedTxn): object {
  if (op.kind === 'put') return { put: { key: Buffer.from(op.key), value: op.value } };
  if (op.kind === 'range') return { range: { key: Buffer.from(op.start) } };
  if (op.kind === 'txn') return { txn: toTxn(op) };
  throw new TypeError('deletes are not measured');
}

const toTxn = (txn: Txn): object => ({
  compare: txn.compare.map(toCompare),
  success: txn.then.map(toOp),
  failure: txn.else.map(toOp),
});

const fromEntry = (entry: RawEntry): KvEntry => ({
  key: entry.key.toString(),
  value: entry.value,
  createRevision: toNumber(entry.createRevision),
  modRevision: toNumber(entry.modRevision),
  version: toNumber(entry.version),
});

const fromTxn = (raw: RawTxn, revision = toNumber(raw.header?.revision ?? 0)): TxnResult => ({
  succeeded: raw.succeeded,
  revision,
  results: raw.responses.map(({ range, txn }) => {
    if (range) return { kind: 'range', entries: range.kvs.map(fromEntry), more: range.more };
    return txn ? { kind: 'txn', ...fromTxn(txn, revision) } : { kind: 'put' };
  }),
});

export function libraryCaller(endpoint: string): Caller {
  const { root } = protobuf.parse(proto);
  const client = new Client(new URL(endpoint).host, credentials.createInsecure());
  const metadata = new Metadata();
  metadata.set('hasleader', 'true');
  const caller = (method: string, request: string, response: string) => {
    const [requestType, responseType] = [root.lookupType(request), root.lookupType(response)];
    const encode = (value: object) => Buffer.from(requestType.encode(value).finish());
    const decode = (bytes: Buffer) => responseType.decode(bytes);
    return (value: object) =>
      new Promise<unknown>((resolve, reject) => {
        const done = (error: ServiceError | null, reply: unknown) =>
          error ? reject(error) : resolve(reply);
        const options = { deadline: Date.now() + 10_000 };
        client.makeUnaryRequest(method, encode, decode, value, metadata, options, done);
      });
  };
  const txn = caller('/etcdserverpb.KV/Txn', 'TxnRequest', 'TxnResponse');
  const range = caller('/etcdserverpb.KV/Range', 'RangeRequest', 'RangeResponse');
  return {
    txn: async (request) => fromTxn((await txn(toTxn(request))) as RawTxn),
    get: async (key) => {
      const [entry] = ((await range({ key: Buffer.from(key) })) as RawRange).kvs;
      return entry === undefined ? undefined : fromEntry(entry);
    },
    close: async () => client.close(),
  };
}

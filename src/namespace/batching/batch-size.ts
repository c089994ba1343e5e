/** What an operation adds to a batch, about: enough to stay well below the kv's largest request. */
import type { Compare, RangeOp, Txn } from '#kv/kv.ts';

/** Field tags, lengths, numbers. */
const overheadBytes = 24;
/** A typical record; what a read costs lies in its answer. */
const entryBytes = 512;

const spanBytes = ({ start, end }: Compare | RangeOp): number =>
  Buffer.byteLength(start) + (end === undefined ? 0 : Buffer.byteLength(end)) + overheadBytes;

export const rangesBytes = (ranges: readonly RangeOp[]): number =>
  ranges.reduce((sum, range) => sum + spanBytes(range) + (range.limit ?? 1) * entryBytes, 0);

export function txnBytes(txn: Txn): number {
  let bytes = overheadBytes;
  for (const compare of txn.compare) bytes += spanBytes(compare);
  for (const op of [...txn.then, ...txn.else]) {
    if (op.kind === 'txn') bytes += txnBytes(op);
    else if (op.kind === 'put') {
      bytes += Buffer.byteLength(op.key) + op.value.length + overheadBytes;
    } else bytes += Buffer.byteLength(op.start) + overheadBytes;
  }
  return bytes;
}

/** Frames of the node protocol that are nearly right. */
import { crc32 } from 'node:zlib';
import { namesMethods } from '#protocol/names.ts';
import { shardMethods } from '#protocol/shards.ts';
import {
  bareFrame,
  type FrameKind,
  frameKinds,
  packFrame,
  prefixBytes,
  sealFrame,
} from '#rpc/frame.ts';
import { pingMethod } from '#rpc/rpc.ts';
import type { SeededRandom } from '../support/seeded-random.ts';
import { shardBody, shardKey } from '../support/shard-bench.ts';
import { mutated, type Seeds } from './mutations.ts';
import { oddValue } from './odd-values.ts';

export interface SentFrame {
  readonly bytes: Buffer;
  /** Sound as a frame, and a request: it is answered, if the connection lasts. */
  readonly call: number | undefined;
}

interface Request {
  readonly method: string;
  readonly head?: unknown;
  readonly body?: Buffer;
}

const waitMs = 60_000;
const body = shardBody(1, 3000);
const key = shardKey(1);
const range = ['f//a', null, 0, 0];
const write = ['operation-1', 1, [['f//a', null, 0, 0]], [['f//a', Buffer.from('x')]], [range]];

const requests: readonly Request[] = [
  { method: shardMethods.write, head: { ...key, crc: crc32(body) }, body },
  { method: shardMethods.read, head: { ...key, offset: 10, length: 100 } },
  { method: shardMethods.delete, head: { keys: [key, shardKey(2)] } },
  { method: shardMethods.deleteBlobs, head: { blobs: [{ volume: key.volume, blob: key.blob }] } },
  { method: shardMethods.list, head: { volume: key.volume, after: key, limit: 10 } },
  { method: namesMethods.read, head: { timeoutMs: waitMs, operations: [[range], [range]] } },
  { method: namesMethods.write, head: { timeoutMs: waitMs, operations: [write, write] } },
  { method: pingMethod },
  { method: 'no.such.method', head: {} },
];

const none = Buffer.alloc(0);

function seal(head: Buffer, kind: FrameKind, call: number, content: Buffer): Buffer {
  const frame = Buffer.concat([Buffer.alloc(prefixBytes), head]);
  return Buffer.concat([sealFrame(frame, kind, call, content.length, waitMs), content]);
}

const packed = ({ method, head }: Request): Buffer =>
  packFrame([method, head]).subarray(prefixBytes);

const whole = (request: Request, call: number): Buffer =>
  seal(packed(request), frameKinds.request, call, request.body ?? none);

/** Lists in lists in lists, and lists of more than memory holds, as msgpack has them. */
const tokens = [
  Buffer.alloc(100_000, 0x91),
  ...['ddffffffff', 'dfffffffff', 'c6ffffffff', 'c9ffffffff', 'd4', 'c1', 'd8', 'cf', 'dc'].map(
    (hex) => Buffer.from(hex, 'hex'),
  ),
];
const frameSeeds: Seeds = { whole: requests.map((request) => whole(request, 1)), tokens };
const headSeeds: Seeds = { whole: requests.map(packed), tokens };

/** `call` is a number that no frame before it had. */
export function mutatedFrame(random: SeededRandom, call: number): SentFrame {
  const request = random.oneOf(requests);
  const content = request.body ?? none;
  const share = random.fraction();
  if (share < 0.5) {
    const head = packFrame(oddValue([request.method, request.head], random));
    return { bytes: seal(head.subarray(prefixBytes), frameKinds.request, call, content), call };
  }
  if (share < 0.7) {
    const head = mutated(packed(request), random, headSeeds);
    return { bytes: seal(head, frameKinds.request, call, content), call };
  }
  if (share < 0.75) return { bytes: whole(request, call), call };
  if (share < 0.8) {
    const kind = random.oneOf(Object.values(frameKinds));
    return { bytes: bareFrame(kind, random.between(0, call)), call: undefined };
  }
  return { bytes: mutated(whole(request, call), random, frameSeeds), call: undefined };
}

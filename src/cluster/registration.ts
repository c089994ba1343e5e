/**
 * What a node says of itself, in `n/<node>`. Written at each start of the node, so it holds nothing
 * that anybody else may wish to change.
 */
import { DftfsError } from '#base/errors.ts';
import { isNodeId } from '#base/ids.ts';
import type { NodeRecord } from './cluster-map.ts';

export interface NodeRegistration extends Omit<NodeRecord, 'draining'> {
  /** The disk that the node's shards are on, and how far on in its life it was. */
  readonly diskId: string;
  readonly generation: number;
}

export const encodeRegistration = (registration: NodeRegistration): Buffer =>
  Buffer.from(JSON.stringify(registration));

const isPort = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) > 0 && (value as number) < 65536;

/** Throws invalid_message for anything that isn't a whole registration. */
export function decodeRegistration(value: Buffer): NodeRegistration {
  const record = parse(value);
  const valid =
    typeof record === 'object' &&
    record !== null &&
    typeof record.id === 'string' &&
    isNodeId(record.id) &&
    typeof record.host === 'string' &&
    isPort(record.port) &&
    isPort(record.httpPort) &&
    typeof record.zone === 'string' &&
    typeof record.capacityBytes === 'number' &&
    typeof record.incarnation === 'string' &&
    typeof record.diskId === 'string' &&
    Number.isSafeInteger(record.generation);
  if (!valid) throw new DftfsError('invalid_message', 'a registration in the kv is damaged');
  return record as NodeRegistration;
}

function parse(value: Buffer): Partial<NodeRegistration> | null {
  try {
    return JSON.parse(value.toString());
  } catch {
    return null;
  }
}

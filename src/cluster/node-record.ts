/** The wire form of a node's registration. */
import { DftfsError } from '#base/errors.ts';
import { isNodeId } from '#base/ids.ts';
import type { NodeRegistration } from './cluster-map.ts';

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
    typeof record.incarnation === 'string';
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

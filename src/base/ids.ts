/**
 * Names that processes know each other's things by. Branded, so one can't be passed for another.
 */
export type NodeId = string & { readonly __brand: 'NodeId' };
export type VolumeId = string & { readonly __brand: 'VolumeId' };
export type BlobId = string & { readonly __brand: 'BlobId' };
export type OperationId = string & { readonly __brand: 'OperationId' };

const nodeIdForm = /^[a-z0-9][a-z0-9-]{0,62}$/;
const hex16 = /^[0-9a-f]{16}$/;
const hex32 = /^[0-9a-f]{32}$/;

export const isNodeId = (text: string): text is NodeId => nodeIdForm.test(text);
export const isVolumeId = (text: string): text is VolumeId => hex16.test(text);
export const isBlobId = (text: string): text is BlobId => hex32.test(text);

export function nodeId(text: string): NodeId {
  if (!isNodeId(text)) throw new TypeError(`not a node id: ${JSON.stringify(text)}`);
  return text;
}

export type RandomBytes = (count: number) => Buffer;

export const newVolumeId = (random: RandomBytes) => random(8).toString('hex') as VolumeId;
export const newOperationId = (random: RandomBytes) => random(12).toString('hex') as OperationId;

/**
 * A blob id is 32 hex digits: 16 of the writer's session (the revision at which its liveness key
 * was created, unique in a cluster's life), 16 random. So a blob without a name can be traced to
 * its writer, and is garbage only when that session is over.
 */
export function newBlobId(session: number, random: RandomBytes): BlobId {
  return (session.toString(16).padStart(16, '0') + random(8).toString('hex')) as BlobId;
}

export const sessionOfBlob = (blob: BlobId): number => Number.parseInt(blob.slice(0, 16), 16);

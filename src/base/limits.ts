/**
 * Cluster-wide constants: every process must agree on these. Per-process settings live in config/.
 */
const KiB = 1024;
const MiB = 1024 * KiB;

/** Bytes of a path after percent-decoding, leading slash included. */
export const pathBytesMax = 1024;
/**
 * A stripe always covers this much of a blob, whatever the volume's width; only the last is
 * shorter.
 */
export const stripeBytes = 1 * MiB;
/** Blobs up to this size are kept as whole copies (k = 1) in one stripe. */
export const smallBlobBytesMax = 256 * KiB;
/** A shard is checked in blocks of this size, so that a range read verifies only what it reads. */
export const checkBlockBytes = 64 * KiB;
/** The largest body of one node-to-node frame. */
export const frameBodyBytesMax = 4 * MiB;
/** Runs of stripes in one file record: bounds the record and the volumes one commit compares. */
export const extentsMax = 64;
/** Client-given metadata of one file, names and values together. */
export const userMetadataBytesMax = 4 * KiB;
/** Names in one page of a listing or of a recursive removal. */
export const listPageMax = 1000;
/** Operations in one names transaction; etcd is started with a matching --max-txn-ops. */
export const txnOpsMax = 4096;
/** What etcd's own documentation advises at most; a cluster may have less. */
export const namesQuotaBytesMax = 8 * 1024 * MiB;
/** A cluster's names are restored from a backup at most so often: revisions are safe integers. */
export const eraMax = 511;
/** A client-facing operation on names answers, one way or the other, within this time. */
export const namesDeadlineMs = 4500;

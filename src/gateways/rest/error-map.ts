/**
 * Storage's error codes in HTTP. A 4xx promises that nothing happened and that the same request
 * can't succeed as things are; a 503 or 507 that it may later; 500 is a bug.
 */
import type { ErrorCode } from '#base/errors.ts';

const statusOfCode = {
  invalid_path: 400,
  path_too_long: 414,
  reserved_path: 400,
  invalid_argument: 400,
  path_not_found: 404,
  path_exists: 409,
  precondition_failed: 412,
  idempotency_key_reused: 422,
  range_unsatisfiable: 416,
  upload_incomplete: 400,
  digest_mismatch: 422,
  too_large: 413,
  canceled: 503,
  unauthenticated: 401,
  forbidden: 403,
  token_not_found: 404,
  last_admin: 409,
  node_not_found: 404,
  drain_refused: 409,
  removal_refused: 409,
  too_few_nodes: 503,
  overloaded: 503,
  too_many_requests: 429,
  no_space: 507,
  names_full: 507,
  names_unavailable: 503,
  volume_changed: 503,
  session_lost: 503,
  data_unavailable: 503,
  data_damaged: 503,
  outcome_unknown: 503,
  peer_unreachable: 503,
  deadline_exceeded: 503,
  peer_refused: 503,
  invalid_message: 500,
  shard_missing: 503,
  shard_corrupt: 503,
  store_full: 507,
  store_fenced: 503,
  internal: 500,
} as const satisfies Record<ErrorCode, number>;

export const httpStatusOf = (code: ErrorCode): number => statusOfCode[code];

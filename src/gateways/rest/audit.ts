/**
 * Changes, and what was refused, as the audit log tells them. An endpoint says what it has done
 * before it answers; what may have been done is told when the answer says so.
 */
import type { IncomingMessage } from 'node:http';
import { parseToken, withoutSecrets } from '#access/token.ts';
import { DftfsError } from '#base/errors.ts';
import type { FileEntry } from '#namespace/records.ts';
import type { AuditEntry, AuditLog } from '#observe/audit-log.ts';
import type { RefusalLog } from '#observe/refusal-log.ts';
import type { Call } from './call.ts';
import { etagOf } from './conditions.ts';
import type { Exchange } from './exchange.ts';
import { HttpProblem } from './problem.ts';

/** A file was put, or had been. */
export function auditStored(call: Call, entry: FileEntry, outcome: 'done' | 'repeated'): void {
  auditDone(call, { path: entry.path, etag: etagOf(entry) }, outcome);
}

/** A file was copied or moved. */
export function auditTransferred(call: Call, from: string, entry: FileEntry): void {
  auditDone(call, { path: from, to: entry.path, etag: etagOf(entry) });
}

type Change = Omit<AuditEntry, 'request' | 'who' | 'operation' | 'outcome'>;

export function auditDone(
  { exchange, services }: Call,
  change: Change,
  outcome: 'done' | 'repeated' = 'done',
): void {
  const { audit } = services;
  if (audit === undefined) return;
  audit.record({ ...who(exchange), ...change, outcome });
}

const changing: ReadonlySet<string> = new Set(['put', 'copy', 'move', 'rm', 'nodes', 'tokens']);

export function auditUnknown(
  exchange: Exchange,
  audit: Pick<AuditLog, 'record'> | undefined,
  error: unknown,
): void {
  if (audit === undefined || !changing.has(exchange.operation)) return;
  const isCertain = error instanceof DftfsError && error.outcome !== 'maybe';
  if (isCertain || error instanceof HttpProblem || exchange.path === undefined) return;
  audit.record({ ...who(exchange), path: exchange.path, outcome: 'unknown' });
}

const refusing: ReadonlySet<unknown> = new Set(['unauthenticated', 'forbidden']);

/** Paths are what clients make them, and one may have put its token there. */
export function auditRefused(
  exchange: Exchange,
  refusals: Pick<RefusalLog, 'record'> | undefined,
  error: unknown,
): void {
  if (refusals === undefined || !(error instanceof DftfsError) || !refusing.has(error.code)) return;
  const { request, identity } = exchange;
  const said = who(exchange);
  refusals.record({
    ...said,
    who: { name: 'nobody', ...said.who, ...(identity ? {} : claimOf(request)) },
    method: request.method ?? '',
    path: withoutSecrets(error.path ?? exchange.path ?? exchange.asked ?? ''),
    reason: withoutSecrets(error.message),
    outcome: 'refused',
  });
}

/** A token that isn't valid any more has an id all the same. */
function claimOf({ headers }: IncomingMessage): { claimed?: string } {
  const claimed = parseToken(headers.authorization?.split(' ').at(-1) ?? '')?.id;
  return claimed === undefined ? {} : { claimed };
}

const who = ({ id, request, operation, identity }: Exchange) => ({
  request: id,
  who: {
    address: request.socket.remoteAddress ?? 'gone',
    ...(identity ? { token: identity.id, name: identity.name } : {}),
  },
  operation,
});

/** `/-/tokens`: who may come in, for administrators; `/-/token`: who one is oneself. */
import { grantText, type Identity } from '#access/rights.ts';
import type { TokenAdmin } from '#access/token-admin.ts';
import { queryArguments, readArguments } from '../arguments.ts';
import { auditDone } from '../audit.ts';
import { type Call, respondJson } from '../call.ts';
import { HttpProblem } from '../problem.ts';
import { refuseBody } from './get.ts';

export const tokenPage = /^\/-\/tokens\/(?<token>[^/]+)$/;

export async function listTokens(call: Call): Promise<void> {
  queryArguments(call, {});
  refuseBody(call);
  respondJson(call.exchange, { tokens: await tokensOf(call).list() });
}

export async function createToken(call: Call): Promise<void> {
  const tokens = tokensOf(call);
  const found = await readArguments(call, { name: ['name'], grants: ['grants'] });
  const { exchange, target } = call;
  exchange.path = target.path;
  const createdBy = exchange.identity?.name ?? '';
  const created = await tokens.create(found.required('name'), found.required('grants'), createdBy);
  auditDone(call, { path: `${target.path}/${created.id}` });
  respondJson(exchange, created);
}

export async function revokeToken(call: Call): Promise<void> {
  const { exchange, target } = call;
  queryArguments(call, {});
  refuseBody(call);
  exchange.path = target.path;
  const id = tokenPage.exec(target.path)?.groups?.token ?? '';
  await tokensOf(call).revoke(id);
  auditDone(call, { path: target.path });
  respondJson(exchange, { id, revoked: true });
}

/** How a program with a token learns what it may try. */
export async function ownToken(call: Call): Promise<void> {
  queryArguments(call, {});
  refuseBody(call);
  tokensOf(call);
  const { id, name, grants } = call.exchange.identity as Identity;
  respondJson(call.exchange, { id, name, grants: grants.map(grantText) });
}

function tokensOf({ services }: Call): TokenAdmin {
  if (services.tokens !== undefined) return services.tokens;
  throw new HttpProblem('page_not_found', 'Tokens are switched off in this cluster.');
}

/** The token that a request shows. */
import { bodyArguments } from './arguments.ts';
import type { Call } from './call.ts';
import type { Asker } from './router.ts';

/** A form with nothing in it but a token. Whoever sends it isn't known yet. */
const formBytesMax = 1024;

/**
 * As an Authorization header has it. Where a browser is to save what it gets, the token may be in a
 * form's body instead: never in the address, which ends in histories and logs.
 */
export async function shownToken(call: Call, asker: Asker): Promise<string | undefined> {
  const header = call.head.headers.get('authorization');
  if (header !== undefined || asker !== 'form') return header;
  const form = await bodyArguments(call, { token: ['token'] }, formBytesMax);
  const token = form.text('token');
  return token === undefined ? undefined : `Bearer ${token}`;
}

/** The key by which a request is known again when its first answer was lost. */
import { DftfsError } from '#base/errors.ts';
import type { Call } from './call.ts';

const keyForm = /^[\x21-\x7e]{1,255}$/;

/**
 * As the names know it: where tokens are on, another token's same key is another key. The space,
 * which no client's key can hold, keeps one from being made up to look like another's.
 */
export function idempotencyKeyOf({ head, exchange }: Call): string | undefined {
  const key = head.headers.get('idempotency-key');
  if (key === undefined) return undefined;
  if (!keyForm.test(key)) {
    const detail = 'Idempotency-Key takes 1 to 255 visible ASCII characters.';
    throw new DftfsError('invalid_argument', detail);
  }
  return exchange.identity === undefined ? key : `${exchange.identity.id} ${key}`;
}

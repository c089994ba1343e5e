/**
 * Who asks, where the cluster wants tokens. The token is kept here and nowhere else: no store of
 * the browser holds it, and it is forgotten with the page.
 */
import { signal } from '@preact/signals';

export interface Holder {
  readonly token: string;
  readonly name: string;
  /** As `read,list:/photos`, or `admin`. */
  readonly grants: readonly string[];
}

export type Session =
  /** Nobody has asked for a token. */
  | { readonly state: 'open' }
  /** One is wanted. `why`: what became of the last. */
  | { readonly state: 'out'; readonly why?: string }
  | ({ readonly state: 'in' } & Holder);

export const session = signal<Session>({ state: 'open' });

/** Undefined: requests go out without. */
export const tokenInHand = (): string | undefined => {
  const now = session.value;
  return now.state === 'in' ? now.token : undefined;
};

/** A request with this token was answered by 401. Late news of another session is none. */
export function tokenRefused(token: string | undefined): void {
  const now = session.value;
  if (now.state === 'out' || token !== tokenInHand()) return;
  const why = 'This token isn’t valid any more. It may have been revoked.';
  session.value = now.state === 'in' ? { state: 'out', why } : { state: 'out' };
}

/** Nothing of what was seen is left. */
export const signOut = (): void => location.reload();

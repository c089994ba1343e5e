/**
 * All tokens, as this node knows them: the kv's, followed by a watch. What the watch doesn't know
 * yet is looked up, so that a token is good on every node as soon as it is made; and what hasn't
 * been confirmed for a while counts for nothing, so that one that was revoked ends everywhere.
 */
import { DftfsError } from '#base/errors.ts';
import { WatchedState } from '#cluster/watched-state.ts';
import type { Clock, Timers } from '#io/world.ts';
import { type Kv, type KvEntry, prefixSpan } from '#kv/kv.ts';
import type { Logger } from '#observe/log.ts';
import { prefixes, tokenKey } from '#protocol/keys.ts';
import type { Identity } from './rights.ts';
import { hasHash, parseToken, type Token } from './token.ts';
import { decodeTokenRecord, type KnownToken } from './token-record.ts';

export interface TokenBookDeps {
  readonly kv: Kv;
  readonly clock: Pick<Clock, 'now'>;
  readonly timers: Timers;
  readonly log: Logger;
}

export interface TokenBookOptions {
  /** All are listed anew so often. */
  readonly relistMs: number;
  readonly retryMs: number;
  /** Without a listing for so long nobody is let in. */
  readonly staleMs: number;
  /** Strangers can't keep the names engine busy. */
  readonly lookupsPerSecondMax: number;
}

export const tokenBookDefaults: TokenBookOptions = {
  relistMs: 10_000,
  retryMs: 500,
  staleMs: 30_000,
  lookupsPerSecondMax: 50,
};

const lookupTimeoutMs = 3000;
const bearer = /^bearer +(\S+)$/i;

export class TokenBook {
  readonly #deps: TokenBookDeps;
  readonly #options: TokenBookOptions;
  readonly #state: WatchedState;
  /** By what was read, so that it is decoded once. */
  readonly #decoded = new WeakMap<KvEntry, { readonly token: KnownToken | undefined }>();
  #confirmedAt: number | undefined;
  #lookupsSince = Number.NEGATIVE_INFINITY;
  #lookups = 0;

  constructor(deps: TokenBookDeps, options: TokenBookOptions = tokenBookDefaults) {
    this.#deps = deps;
    this.#options = options;
    const spans = [prefixSpan(prefixes.token)];
    this.#state = new WatchedState(deps, { spans, ...options }, () => {
      this.#confirmedAt = deps.clock.now();
    });
  }

  /** Resolves when it knows all tokens; goes on by itself until `close`. */
  start(): Promise<void> {
    return this.#state.start();
  }

  close(): void {
    this.#state.close();
  }

  get isCurrent(): boolean {
    const since = this.#confirmedAt;
    return since !== undefined && this.#deps.clock.now() - since <= this.#options.staleMs;
  }

  /**
   * Whose request it is, by its Authorization header. At once if the token is known. Throws
   * unauthenticated; names_unavailable, overloaded where it can't be told.
   */
  identify(header: string | undefined): Identity | Promise<Identity> {
    if (header === undefined) {
      throw new DftfsError('unauthenticated', 'Send a token, as Authorization: Bearer <token>.');
    }
    const token = parseToken(bearer.exec(header)?.[1] ?? '');
    if (token === undefined) throw notValid();
    if (!this.isCurrent) {
      throw new DftfsError('names_unavailable', 'Which tokens are valid is not known right now.');
    }
    const known = this.#decode(token.id, this.#state.entries.get(tokenKey(token.id)));
    return known && hasHash(token, known.digest) ? known.identity : this.#lookUp(token);
  }

  /** The same way for an unknown id and for a wrong secret: an answer's time tells nothing. */
  async #lookUp(token: Token): Promise<Identity> {
    this.#countLookup();
    const entry = await this.#deps.kv.get(tokenKey(token.id), { timeoutMs: lookupTimeoutMs });
    const found = this.#decode(token.id, entry);
    if (found && hasHash(token, found.digest)) return found.identity;
    throw notValid();
  }

  #countLookup(): void {
    const now = this.#deps.clock.now();
    if (now - this.#lookupsSince >= 1000) {
      this.#lookupsSince = now;
      this.#lookups = 0;
    }
    this.#lookups += 1;
    if (this.#lookups <= this.#options.lookupsPerSecondMax) return;
    throw new DftfsError('overloaded', 'Too many tokens that are not known; try again shortly.');
  }

  #decode(id: string, entry: KvEntry | undefined): KnownToken | undefined {
    if (entry === undefined) return undefined;
    let decoded = this.#decoded.get(entry);
    if (decoded === undefined) {
      decoded = { token: decodeTokenRecord(id, entry.value) };
      if (decoded.token === undefined) this.#deps.log.error('token not understood', { id });
      this.#decoded.set(entry, decoded);
    }
    return decoded.token;
  }
}

const notValid = (): DftfsError =>
  new DftfsError('unauthenticated', "This token isn't valid: it was never made, or was revoked.");

/**
 * Who may come in, and do what. It lets nobody in on a guess: what it can't know is unavailable. It
 * keeps no secret of a token, tells none, and knows nothing of HTTP; who asks for what is told to
 * `rights.ts`, which decides.
 */
import { DftfsError } from '#base/errors.ts';
import type { World } from '#io/world.ts';
import type { Kv } from '#kv/kv.ts';
import type { Logger } from '#observe/log.ts';
import { ensureFirstToken, type FirstTokenOptions } from './first-token.ts';
import type { Identity } from './rights.ts';
import { TokenAdmin } from './token-admin.ts';
import { TokenBook } from './token-book.ts';

export interface AccessDeps {
  readonly kv: Kv;
  readonly world: World;
  readonly log: Logger;
}

export interface AccessOptions extends FirstTokenOptions {
  /** Under way at once on this node, of one token. */
  readonly requestsPerTokenMax: number;
}

const startPauseMs = 500;

export class Access {
  readonly tokens: TokenAdmin;
  readonly #deps: AccessDeps;
  readonly #options: AccessOptions;
  readonly #book: TokenBook;
  readonly #underWay = new Map<string, number>();
  readonly #closing = new AbortController();

  constructor(deps: AccessDeps, options: AccessOptions) {
    const { kv, world, log } = deps;
    this.#deps = deps;
    this.#options = options;
    this.tokens = new TokenAdmin({ kv, ...world });
    this.#book = new TokenBook({ kv, log, ...world });
  }

  /** Until it works: the names engine may come up after this node. */
  async start(): Promise<void> {
    const { kv, world, log } = this.#deps;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        await ensureFirstToken({ kv, ...world, log }, this.#options);
        await this.#book.start();
        return;
      } catch (error) {
        if (signal.aborted) return;
        log.warn('tokens not read yet', { error });
        await world.timers.sleep(startPauseMs, signal).catch(() => {});
      }
    }
  }

  /** Undefined: it knows whom to let in. */
  notReadyReason(): string | undefined {
    return this.#book.isCurrent ? undefined : 'The node has not read the tokens yet.';
  }

  /** By a request's Authorization header. Throws unauthenticated, names_unavailable, overloaded. */
  identify(header: string | undefined): Identity | Promise<Identity> {
    return this.#book.identify(header);
  }

  /** Each has to be left again. Throws too_many_requests. */
  enter({ id, name }: Identity): void {
    const underWay = this.#underWay.get(id) ?? 0;
    if (underWay >= this.#options.requestsPerTokenMax) {
      const detail = `The token ${name} has ${underWay} requests under way; wait for some to end.`;
      throw new DftfsError('too_many_requests', detail);
    }
    this.#underWay.set(id, underWay + 1);
  }

  leave({ id }: Identity): void {
    const underWay = this.#underWay.get(id) ?? 0;
    if (underWay <= 1) this.#underWay.delete(id);
    else this.#underWay.set(id, underWay - 1);
  }

  close(): void {
    this.#closing.abort();
    this.#book.close();
  }
}

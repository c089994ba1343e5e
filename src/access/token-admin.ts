/** Making, showing and revoking tokens. What is done is done for all nodes, by one transaction. */
import { DftfsError } from '#base/errors.ts';
import type { Clock, Random } from '#io/world.ts';
import { type Kv, type KvEntry, prefixSpan } from '#kv/kv.ts';
import { prefixes, tokenKey } from '#protocol/keys.ts';
import { grantText } from './rights.ts';
import { hashOf, isTokenId, newToken, tokenText } from './token.ts';
import {
  checkTokenName,
  decodeTokenRecord,
  encodeTokenRecord,
  type KnownToken,
  parseGrants,
} from './token-record.ts';

export interface ShownToken {
  readonly id: string;
  readonly name: string;
  readonly grants: readonly string[];
  readonly created: string;
  readonly createdBy: string;
}

export interface CreatedToken {
  readonly id: string;
  readonly name: string;
  readonly grants: readonly string[];
  /** Shown this once, and kept nowhere. */
  readonly token: string;
}

export interface TokenAdminDeps {
  readonly kv: Pick<Kv, 'range' | 'txn'>;
  readonly clock: Pick<Clock, 'wall'>;
  readonly random: Pick<Random, 'bytes'>;
}

/** Every node keeps all of them in memory. */
export const tokensMax = 1000;
const callOptions = { timeoutMs: 4000 };
const triesMax = 5;
/** More: of those that are made at once, each counts anew after each other. */
const creationsMax = 32;

export class TokenAdmin {
  readonly #deps: TokenAdminDeps;

  constructor(deps: TokenAdminDeps) {
    this.#deps = deps;
  }

  async list(): Promise<readonly ShownToken[]> {
    const tokens = await this.#read();
    return tokens.map(({ id, known }) => ({
      id,
      name: known?.name ?? '',
      grants: known?.grants.map(grantText) ?? [],
      created: new Date(known?.createdMs ?? 0).toISOString(),
      createdBy: known?.createdBy ?? '',
    }));
  }

  /** `grants`: one a line. Throws invalid_argument, invalid_path, no_space. */
  async create(name: string, grants: string, createdBy: string): Promise<CreatedToken> {
    checkTokenName(name);
    const parsed = parseGrants(grants);
    const token = newToken((count) => this.#deps.random.bytes(count));
    const value = encodeTokenRecord({
      ...{ name, grants: parsed, createdMs: this.#deps.clock.wall(), createdBy },
      digest: Buffer.from(hashOf(token), 'base64url'),
    });
    for (let tries = 1; tries <= creationsMax; tries++) {
      if (!(await this.#add(tokenKey(token.id), value))) continue;
      return { id: token.id, name, grants: parsed.map(grantText), token: tokenText(token) };
    }
    throw changedTooOften();
  }

  /** False: another was made meanwhile, which might have been the last that there is room for. */
  async #add(key: string, value: Buffer): Promise<boolean> {
    const { kv } = this.#deps;
    const span = prefixSpan(prefixes.token);
    const there = { ...span, limit: tokensMax, keysOnly: true };
    const { entries, revision } = await kv.range(there, callOptions);
    if (entries.length >= tokensMax) {
      throw new DftfsError('no_space', `There are ${tokensMax} tokens: revoke some first.`);
    }
    const noneSince = { ...span, field: 'mod', relation: '<', value: revision + 1 } as const;
    const isNew = { start: key, field: 'version', relation: '=', value: 0 } as const;
    const put = { kind: 'put', key, value } as const;
    const txn = { compare: [noneSince, isNew], then: [put], else: [] };
    return (await kv.txn(txn, callOptions)).succeeded;
  }

  /** Throws token_not_found; last_admin, or nobody could make tokens any more. */
  async revoke(id: string): Promise<void> {
    for (let tries = 1; tries <= triesMax; tries++) {
      const tokens = await this.#read();
      const found = isTokenId(id) ? tokens.find((token) => token.id === id) : undefined;
      if (found === undefined) throw new DftfsError('token_not_found', `There is no token ${id}.`);
      if (await this.#remove(found, tokens)) return;
    }
    throw changedTooOften();
  }

  /** False: something has changed meanwhile. */
  async #remove(found: ReadToken, tokens: readonly ReadToken[]): Promise<boolean> {
    // Two that are revoked at once must not each count on the other.
    const witness = tokens.find((token) => token !== found && isAdmin(token));
    if (isAdmin(found) && witness === undefined) {
      const detail = 'This is the last administrator’s token: make another first.';
      throw new DftfsError('last_admin', detail);
    }
    const { succeeded } = await this.#deps.kv.txn(
      {
        compare: [found, ...(witness ? [witness] : [])].map(({ entry }) => ({
          ...{ start: entry.key, field: 'mod', relation: '=' },
          value: entry.modRevision,
        })),
        then: [{ kind: 'delete', start: found.entry.key }],
        else: [],
      },
      { ...callOptions, frees: true },
    );
    return succeeded;
  }

  async #read(): Promise<readonly ReadToken[]> {
    const span = prefixSpan(prefixes.token);
    const { entries } = await this.#deps.kv.range({ ...span, limit: 2 * tokensMax }, callOptions);
    return entries.map((entry) => {
      const id = entry.key.slice(prefixes.token.length);
      return { id, entry, known: decodeTokenRecord(id, entry.value) };
    });
  }
}

interface ReadToken {
  readonly id: string;
  readonly entry: KvEntry;
  /** Undefined: it allows nothing, but can be revoked. */
  readonly known: KnownToken | undefined;
}

const changedTooOften = (): DftfsError =>
  new DftfsError('names_unavailable', 'Tokens change all the time; try again.');
const isAdmin = ({ known }: ReadToken): boolean =>
  known?.grants.some(({ rights }) => rights.includes('admin')) ?? false;

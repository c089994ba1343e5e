/**
 * The token that makes all others. It is derived from the cluster's secret, so that every node,
 * on whichever machine, makes the same one, and none has to be passed around; from it nobody gets
 * back to the secret. It is made once in a cluster's life: revoked, it stays so. Where names are
 * restored from a time before tokens it is another: the old one may be in wrong hands.
 */
import { createHmac } from 'node:crypto';
import type { Disk } from '#io/disk.ts';
import type { Clock } from '#io/world.ts';
import type { Kv } from '#kv/kv.ts';
import type { Logger } from '#observe/log.ts';
import { firstTokenKey, tokenKey } from '#protocol/keys.ts';
import { parseGrant } from './rights.ts';
import { hashOf, type Token, tokenOf, tokenText } from './token.ts';
import { encodeTokenRecord } from './token-record.ts';

export interface FirstTokenDeps {
  readonly kv: Kv;
  readonly disk: Pick<Disk, 'writeWhole'>;
  readonly clock: Pick<Clock, 'wall'>;
  readonly log: Logger;
}

export interface FirstTokenOptions {
  readonly clusterSecret: Buffer;
  /** How often the names were restored from a backup. */
  readonly era: number;
  /** Where an operator finds it. */
  readonly file: string;
}

const callOptions = { timeoutMs: 3000 };
const ownerOnly = 0o600;

/** Its file is there before the token is. */
export async function ensureFirstToken(
  deps: FirstTokenDeps,
  { clusterSecret, era, file }: FirstTokenOptions,
): Promise<void> {
  const { kv, disk, clock, log } = deps;
  if ((await kv.get(firstTokenKey, callOptions)) !== undefined) return;
  const token = deriveToken(clusterSecret, era);
  // Also where it has been copied to already: a copy may be readable by others.
  await disk.writeWhole(file, Buffer.from(firstTokenFile(clusterSecret, era)), ownerOnly);
  const value = encodeTokenRecord({
    ...{ name: 'first-admin', grants: [parseGrant('admin')] },
    digest: Buffer.from(hashOf(token), 'base64url'),
    ...{ createdMs: clock.wall(), createdBy: 'the cluster' },
  });
  const { succeeded } = await kv.txn(
    {
      compare: [{ start: firstTokenKey, field: 'version', relation: '=', value: 0 }],
      then: [
        { kind: 'put', key: firstTokenKey, value: Buffer.alloc(0) },
        { kind: 'put', key: tokenKey(token.id), value },
      ],
      else: [],
    },
    callOptions,
  );
  if (succeeded) log.info('first token made', { file });
}

/** What its file holds. */
export const firstTokenFile = (clusterSecret: Buffer, era: number): string =>
  `${tokenText(deriveToken(clusterSecret, era))}\n`;

function deriveToken(clusterSecret: Buffer, era: number): Token {
  const part = (name: string) =>
    createHmac('sha256', clusterSecret).update(`dftfs first token ${era}, ${name}\n`).digest();
  return tokenOf(Buffer.concat([part('id').subarray(0, 8), part('secret')]));
}

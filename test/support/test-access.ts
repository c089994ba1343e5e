/** Who may come in, decided by tokens in memory, for tests of doors. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { Access, type AccessOptions } from '#access/access.ts';
import { createNodeWorld } from '#io/node/world.ts';
import type { Kv } from '#kv/kv.ts';
import { MemoryKv } from '#kv/memory/memory-kv.ts';
import { type Logger, silentLogger } from '#observe/log.ts';

export interface TestAccess {
  readonly access: Access;
  readonly kv: Kv;
  /** Where the first token is. */
  readonly file: string;
  /** The first token, which may do everything. */
  readonly admin: string;
  /** A new token with these grants. */
  readonly holding: (...grants: string[]) => Promise<string>;
}

export interface TestAccessSetup extends Partial<AccessOptions> {
  readonly kv?: Kv;
  readonly log?: Logger;
}

export async function testAccess(
  context: TestContext,
  { kv: given, log = silentLogger, ...options }: TestAccessSetup = {},
): Promise<TestAccess> {
  const world = createNodeWorld();
  const folder = await mkdtemp(join(tmpdir(), 'dftfs-access-'));
  const file = join(folder, 'admin-token');
  const kv = given ?? new MemoryKv(world);
  const clusterSecret = Buffer.alloc(32, 7);
  const limits = { requestsPerTokenMax: 100 };
  const access = new Access(
    { kv, world, log },
    { ...limits, clusterSecret, era: 0, file, ...options },
  );
  context.after(async () => {
    access.close();
    await kv.close();
    await rm(folder, { recursive: true });
  });
  await access.start();
  let made = 0;
  const holding = async (...grants: string[]) => {
    made += 1;
    return (await access.tokens.create(`token-${made}`, grants.join('\n'), 'the test')).token;
  };
  return { access, kv, file, admin: (await readFile(file, 'utf8')).trim(), holding };
}

export const bearing = (token: string) => ({ Authorization: `Bearer ${token}` });

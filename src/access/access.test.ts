import assert from 'node:assert/strict';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { isCode } from '#base/errors.ts';
import { createNodeWorld } from '#io/node/world.ts';
import { prefixSpan } from '#kv/kv.ts';
import { MemoryKv } from '#kv/memory/memory-kv.ts';
import { createLogger, silentLogger } from '#observe/log.ts';
import { prefixes, tokenKey } from '#protocol/keys.ts';
import { testAccess } from '../../test/support/test-access.ts';
import { until } from '../../test/support/until.ts';
import { Access } from './access.ts';
import { parseToken } from './token.ts';
import { TokenAdmin, tokensMax } from './token-admin.ts';
import { TokenBook, tokenBookDefaults } from './token-book.ts';

const identify = async (access: Pick<Access, 'identify'>, header: string | undefined) =>
  access.identify(header);
const refused = (access: Pick<Access, 'identify'>, header: string | undefined) =>
  assert.rejects(identify(access, header), { code: 'unauthenticated' }, header);

test('the first token is made once, in a file of its owner alone, the same by all nodes', async (context) => {
  const { access, kv, file, admin } = await testAccess(context);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  const { id, grants } = await identify(access, `Bearer ${admin}`);
  assert.deepEqual(grants, [{ rights: ['admin'], prefix: '/' }]);
  const elsewhere = `${file}-of-another-node`;
  const options = { clusterSecret: Buffer.alloc(32, 7), era: 0, requestsPerTokenMax: 1 };
  const world = createNodeWorld();
  const startAgain = async () => {
    const second = new Access({ kv, world, log: silentLogger }, { ...options, file: elsewhere });
    context.after(() => second.close());
    await second.start();
    return second;
  };
  await identify(await startAgain(), `Bearer ${admin}`);
  await access.tokens.create('another', 'admin', 'the test');
  await access.tokens.revoke(id);
  const second = await startAgain();
  await refused(second, `Bearer ${admin}`);
  assert.equal((await second.tokens.list()).length, 1);
  await assert.rejects(stat(elsewhere), { code: 'ENOENT' });
  const other = await testAccess(context, { kv: new MemoryKv(world) });
  assert.equal(other.admin, admin);
});

test('names that are restored from a time before tokens get another first one', async (context) => {
  const world = createNodeWorld();
  const before = await testAccess(context);
  const after = await testAccess(context, { kv: new MemoryKv(world), era: 1 });
  assert.notEqual(after.admin, before.admin);
  await refused(after.access, `Bearer ${before.admin}`);
});

test('a token is good on every node at once, and revoked it is good on none', async (context) => {
  const { access, kv, holding } = await testAccess(context);
  const world = createNodeWorld();
  const book = new TokenBook({ kv, log: silentLogger, ...world });
  context.after(() => book.close());
  await book.start();
  const token = await holding('read:/a');
  assert.equal((await identify(book, `Bearer ${token}`)).name, 'token-1');
  assert.equal((await identify(book, `bearer  ${token}`)).name, 'token-1');
  await access.tokens.revoke(parseToken(token)?.id ?? '');
  await until('it is refused', async () => {
    const still = await identify(book, `Bearer ${token}`).catch((error) => error);
    return isCode(still, 'unauthenticated') ? true : undefined;
  });
});

test('what is no token, not ours, or has another secret, is refused alike', async (context) => {
  const { access, admin } = await testAccess(context);
  const { id = '', secret = '' } = parseToken(admin) ?? {};
  const changed = `${secret.startsWith('A') ? 'B' : 'A'}${secret.slice(1)}`;
  await refused(access, undefined);
  for (const word of [
    '',
    'x',
    id,
    `dftfs_${id}_`,
    `${admin}=`,
    `dftfs_${'0'.repeat(16)}_${secret}`,
  ]) {
    await refused(access, `Bearer ${word}`);
  }
  for (const header of [`Basic ${admin}`, admin, `Bearer ${admin} x`])
    await refused(access, header);
  const answers = await Promise.all(
    [`dftfs_${id}_${changed}`, `dftfs_${'0'.repeat(16)}_${changed}`].map((token) =>
      identify(access, `Bearer ${token}`).catch((error: Error) => error.message),
    ),
  );
  assert.equal(answers[0], answers[1]);
});

test('only the digest of a secret is kept, and none is ever logged', async (context) => {
  const lines: string[] = [];
  const log = createLogger(
    (line) => lines.push(line),
    () => 0,
    'debug',
  );
  const { access, kv, admin, holding } = await testAccess(context, { log });
  const token = await holding('read:/a');
  const secrets = [admin, token].map((text) => parseToken(text)?.secret ?? assert.fail());
  await refused(access, `Bearer ${token}x`);
  const { entries } = await kv.range(
    { ...prefixSpan(prefixes.token), limit: 10 },
    { timeoutMs: 1000 },
  );
  const kept = entries.map(({ value }) => value.toString()).join('\n');
  const shown = JSON.stringify(await access.tokens.list());
  assert.ok(lines.length > 0 && entries.length === 2);
  for (const secret of secrets) assert.ok(![kept, shown, ...lines].some((s) => s.includes(secret)));
});

test('what it can not know it does not guess: without a listing nobody is let in', async (context) => {
  const { kv, admin } = await testAccess(context);
  const world = createNodeWorld();
  let now = 0;
  const clock = { now: () => now };
  const book = new TokenBook({ ...world, kv, clock, log: silentLogger });
  context.after(() => book.close());
  assert.equal(book.isCurrent, false);
  await assert.rejects(identify(book, `Bearer ${admin}`), { code: 'names_unavailable' });
  await book.start();
  await identify(book, `Bearer ${admin}`);
  now += tokenBookDefaults.staleMs + 1;
  await assert.rejects(identify(book, `Bearer ${admin}`), { code: 'names_unavailable' });
});

test('strangers can not keep the names engine busy', async (context) => {
  const { kv, admin } = await testAccess(context);
  let reads = 0;
  const counting = new Proxy(kv, {
    get(target, name) {
      if (name === 'get') reads += 1;
      const found = Reflect.get(target, name);
      return typeof found === 'function' ? found.bind(target) : found;
    },
  });
  const options = { ...tokenBookDefaults, lookupsPerSecondMax: 5 };
  const book = new TokenBook(
    { ...createNodeWorld(), clock: { now: () => 0 }, kv: counting, log: silentLogger },
    options,
  );
  context.after(() => book.close());
  await book.start();
  const unknown = `Bearer ${admin.slice(0, -1)}${admin.endsWith('A') ? 'E' : 'A'}`;
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => identify(book, unknown).catch((error) => error.code)),
  );
  assert.deepEqual([...new Set(answers)].sort(), ['overloaded', 'unauthenticated']);
  assert.equal(reads, 5);
  assert.equal((await identify(book, `Bearer ${admin}`)).name, 'first-admin');
});

test('a record that is not understood allows nothing, and can be revoked', async (context) => {
  const { access, kv, admin } = await testAccess(context);
  const { id = '', secret = '' } = parseToken(admin) ?? {};
  const key = tokenKey(id);
  const values = [
    '',
    '{}',
    '[]',
    '{"version":2}',
    `{"version":1,"hash":"${secret}","grants":["x"]}`,
  ];
  for (const value of values) {
    const put = { kind: 'put', key, value: Buffer.from(value) } as const;
    await kv.txn({ compare: [], then: [put], else: [] }, { timeoutMs: 1000 });
    await until('it is refused', async () => {
      const still = await identify(access, `Bearer ${admin}`).catch((error) => error);
      return isCode(still, 'unauthenticated') ? true : undefined;
    });
  }
  await access.tokens.revoke(id);
  assert.deepEqual(await access.tokens.list(), []);
});

test('the last administrator stays, however many are revoked at once', async (context) => {
  const { access, holding } = await testAccess(context);
  await holding('admin');
  await holding('admin');
  await holding('read:/');
  const ids = (await access.tokens.list())
    .filter(({ grants }) => grants.includes('admin'))
    .map(({ id }) => id);
  const results = await Promise.allSettled(ids.map((id) => access.tokens.revoke(id)));
  const failed = results.filter(({ status }) => status === 'rejected');
  assert.equal(failed.length, 1);
  assert.ok(isCode((failed[0] as PromiseRejectedResult).reason, 'last_admin'));
  assert.equal((await access.tokens.list()).length, 2);
  await assert.rejects(access.tokens.revoke('0'.repeat(16)), { code: 'token_not_found' });
  await assert.rejects(access.tokens.revoke('../x'), { code: 'token_not_found' });
});

test('of those that are made at once no more get in than there is room for', async (context) => {
  const { access, kv } = await testAccess(context);
  const { entries } = await kv.range(
    { ...prefixSpan(prefixes.token), limit: 1 },
    { timeoutMs: 1000 },
  );
  const value = entries[0]?.value ?? assert.fail();
  const room = 3;
  for (let nth = 0; nth < tokensMax - room - 1; nth++) {
    const key = tokenKey(nth.toString(16).padStart(16, '0'));
    const put = { kind: 'put', key, value } as const;
    await kv.txn({ compare: [], then: [put], else: [] }, { timeoutMs: 1000 });
  }
  const other = new TokenAdmin({ ...createNodeWorld(), kv });
  const results = await Promise.allSettled(
    [access.tokens, other, access.tokens, other, access.tokens, other].map((tokens, nth) =>
      tokens.create(`at-once-${nth}`, 'read:/', ''),
    ),
  );
  const refusals = results.flatMap((one) => (one.status === 'rejected' ? [one.reason.code] : []));
  assert.deepEqual(refusals, ['no_space', 'no_space', 'no_space']);
  assert.equal((await access.tokens.list()).length, tokensMax);
  await access.tokens.revoke('0'.repeat(16));
  await access.tokens.create('again', 'read:/', '');
});

test('what is asked for has to make sense', async (context) => {
  const { access } = await testAccess(context);
  const grants = 'read:/a';
  for (const name of ['', ' ', 'a b', '-a', 'x'.repeat(64), 'a\n']) {
    await assert.rejects(
      access.tokens.create(name, grants, ''),
      { code: 'invalid_argument' },
      name,
    );
  }
  for (const some of ['', '\n', 'read', Array(33).fill(grants).join('\n')]) {
    await assert.rejects(access.tokens.create('a', some, ''), { code: 'invalid_argument' }, some);
  }
});

test('one token has so many requests under way at most', async (context) => {
  const { access, admin, holding } = await testAccess(context, { requestsPerTokenMax: 2 });
  const identity = await identify(access, `Bearer ${admin}`);
  const other = await identify(access, `Bearer ${await holding('read:/')}`);
  access.enter(identity);
  access.enter(identity);
  assert.throws(() => access.enter(identity), { code: 'too_many_requests' });
  access.enter(other);
  access.leave(identity);
  access.enter(identity);
});

test('the file of the first token is its owner’s alone, whatever was there or would be', async (context) => {
  const { file, admin } = await testAccess(context);
  const umask = process.umask(0);
  context.after(() => process.umask(umask));
  for (const before of ['something else', `${admin}\n`, undefined]) {
    await rm(file);
    if (before !== undefined) await writeFile(file, before, { mode: 0o666 });
    const world = createNodeWorld();
    const options = { clusterSecret: Buffer.alloc(32, 7), era: 0, file, requestsPerTokenMax: 1 };
    const access = new Access({ kv: new MemoryKv(world), world, log: silentLogger }, options);
    context.after(() => access.close());
    await access.start();
    assert.equal((await readFile(file, 'utf8')).trim(), admin);
    assert.equal((await stat(file)).mode & 0o777, 0o600, before);
  }
});

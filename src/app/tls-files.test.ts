import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createNodeWorld } from '#io/node/world.ts';
import type { TlsIdentity } from '#io/tls.ts';
import { createLogger } from '#observe/log.ts';
import { testAuthority, testIdentity } from '../../test/support/test-certificates.ts';
import { TlsFiles } from './tls-files.ts';

const authority = testAuthority();

async function folderOf(context: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'dftfs-tls-'));
  context.after(() => rm(folder, { recursive: true }));
  const paths = {
    authorities: join(folder, 'ca.crt'),
    certificate: join(folder, 'tls.crt'),
    key: join(folder, 'tls.key'),
  };
  const write = async ({ authorities, certificate, key }: TlsIdentity) => {
    await writeFile(paths.authorities, authorities);
    await writeFile(paths.certificate, certificate);
    await writeFile(paths.key, key, { mode: 0o600 });
  };
  const lines: string[] = [];
  const world = createNodeWorld();
  const log = createLogger((line) => lines.push(line), world.clock.wall, 'debug');
  const open = async (clock = world.clock) => {
    const files = await TlsFiles.open({ ...world, clock, log }, paths);
    context.after(() => files.close());
    return files;
  };
  return { paths, write, open, lines };
}

test('what is newer is taken, and what makes no sense is not', async (context) => {
  const { paths, write, open, lines } = await folderOf(context);
  const [one, two] = [testIdentity(authority, 'a'), testIdentity(authority, 'a')];
  await write(one);
  const files = await open();
  const taken: TlsIdentity[] = [];
  files.follow((identity) => taken.push(identity));
  await files.look();
  assert.deepEqual([files.current, taken], [one, []]);
  await writeFile(paths.key, two.key);
  await files.look();
  await writeFile(paths.certificate, 'nonsense');
  await files.look();
  await rm(paths.certificate);
  await files.look();
  assert.deepEqual([files.current, taken], [one, []]);
  await write(two);
  await chmod(paths.key, 0o640);
  await files.look();
  assert.deepEqual([files.current, taken], [one, []], 'others may read its key');
  await chmod(paths.key, 0o600);
  await files.look();
  assert.deepEqual([files.current, taken], [two, [two]]);
  const secrets = [one, two].map(({ key }) => key.split('\n')[1] as string);
  assert.ok(lines.length > 3 && !secrets.some((secret) => lines.join('').includes(secret)));
});

test('files that are missing or do not fit are told in one line', async (context) => {
  const { paths, write, open } = await folderOf(context);
  await assert.rejects(open(), {
    code: 'invalid_argument',
    message: /there is no file .*which TLS/,
  });
  await write({ ...testIdentity(authority, 'a'), key: testIdentity(authority, 'b').key });
  await assert.rejects(open(), {
    code: 'invalid_argument',
    message: /are no certificate with its/,
  });
  await write(testIdentity(authority, 'a'));
  await writeFile(
    paths.authorities,
    '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----',
  );
  await assert.rejects(open(), { code: 'invalid_argument' });
});

test('one that is about to end is complained of once a day', async (context) => {
  const { write, open, lines } = await folderOf(context);
  await write(testIdentity(authority, 'a'));
  const dayMs = 24 * 3600_000;
  const now = Date.now();
  let days = 0;
  const files = await open({ now: () => 0, wall: () => now + days * dayMs });
  const complaints = () => lines.filter((line) => line.includes('ends soon')).length;
  assert.equal(complaints(), 0);
  days = 90;
  await files.look();
  await files.look();
  assert.equal(complaints(), 1);
  days = 92;
  await files.look();
  assert.equal(complaints(), 2);
});

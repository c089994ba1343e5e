import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { objectsOf, runnerAt } from '../../../test/support/cli-terminal.ts';
import { testAccess } from '../../../test/support/test-access.ts';
import { testGateway } from '../../../test/support/test-gateway.ts';

async function started(context: TestContext) {
  const { access, admin } = await testAccess(context);
  const { url } = await testGateway(context, { access });
  const run = runnerAt(url);
  const as = (token: string, ...words: string[]) => {
    return run(words, { environment: { DFTFS_TOKEN: token }, stdin: 'hello' });
  };
  return { admin, as };
}

test('a token is made, used, shown and revoked', async (context) => {
  const { admin, as } = await started(context);
  const made = await as(admin, 'token', 'create', 'ci', '-g', 'read,list:/ci', '-g', 'write:/ci/o');
  assert.equal(made.exit, 0, made.stderr);
  assert.match(made.stderr, /^[0-9a-f]{16} for ci: read,list:\/ci write:\/ci\/o$/m);
  const token = made.stdout.trim();
  assert.match(token, /^dftfs_[0-9a-f]{16}_[A-Za-z0-9_-]{43}$/);
  assert.equal((await as(token, 'put', '-', '/ci/o/a')).exit, 0);
  assert.equal((await as(token, 'cat', '/ci/o/a')).stdout, 'hello');
  assert.equal((await as(token, 'rm', '/ci/o/a')).exit, 8);
  assert.equal((await as(token, 'token', 'list')).exit, 8);
  const id = token.slice(6, 22);
  const table = (await as(admin, 'token', 'list')).stdout;
  assert.match(table, new RegExp(`^${id}  ci .* first-admin  read,list:/ci write:/ci/o$`, 'm'));
  const listed = objectsOf((await as(admin, 'token', 'list', '--json')).stdout);
  assert.deepEqual(listed.map(({ name }) => name).sort(), ['ci', 'first-admin']);
  assert.equal((await as(admin, 'completion', 'token', id.slice(0, 4))).stdout.trim(), id);
  assert.equal((await as(admin, 'token', 'revoke', id)).exit, 0);
  const denied = await as(token, 'cat', '/ci/o/a');
  assert.equal(denied.exit, 8);
  assert.match(denied.stderr, /isn't valid/);
  assert.equal((await as(admin, 'token', 'revoke', id)).exit, 1);
});

test('what makes no sense is refused, and the last administrator stays', async (context) => {
  const { admin, as } = await started(context);
  assert.equal((await as(admin, 'token', 'create', 'ci')).exit, 2);
  assert.equal((await as(admin, 'token', 'create', 'ci', '-g', 'everything')).exit, 2);
  const first = await as(admin, 'token', 'revoke', admin.slice(6, 22));
  assert.equal(first.exit, 3);
  assert.match(first.stderr, /last administrator/);
  const made = await as(admin, 'token', 'create', 'other', '--admin', '--json');
  const [created] = objectsOf(made.stdout);
  assert.deepEqual(created?.grants, ['admin']);
  assert.equal((await as(String(created?.token), 'token', 'revoke', admin.slice(6, 22))).exit, 0);
});

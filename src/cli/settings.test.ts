import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { temporaryFolder } from '../../test/support/cli-terminal.ts';
import { UsageError } from './exit-codes.ts';
import { endpointDefault, readSettings, settingsPath } from './settings.ts';

const nothing = { endpoints: [] };

async function withFile(context: TestContext, text: string, mode = 0o600) {
  const home = await temporaryFolder(context);
  const environment = { HOME: home };
  await mkdir(join(home, '.config/dftfs'), { recursive: true });
  await writeFile(settingsPath(environment), text, { mode });
  return environment;
}

test('flags come before the environment, and that before the file', async (context) => {
  const text = '{"endpoints": ["http://file:1", "http://file:2"], "token": "of-file"}';
  const environment = await withFile(context, text);
  const fromFile = await readSettings(nothing, environment);
  assert.deepEqual(fromFile, {
    ...{ endpoints: ['http://file:1', 'http://file:2'], token: 'of-file' },
    ...{ otherToken: undefined, ca: undefined, warnings: [] },
  });
  const more = { ...environment, DFTFS_ENDPOINT: 'a:1, https://b', DFTFS_TOKEN: 'of-environment' };
  const { endpoints, token } = await readSettings(nothing, more);
  assert.deepEqual([endpoints, token], [['http://a:1', 'https://b'], 'of-environment']);
  const given = await readSettings({ endpoints: ['[::1]:8080'], token: 'of-flag' }, more);
  assert.deepEqual([given.endpoints, given.token], [['http://[::1]:8080'], 'of-flag']);
});

test('without any there is the default', async () => {
  const { endpoints, token } = await readSettings(nothing, { HOME: '/nonexistent' });
  assert.deepEqual([endpoints, token], [[endpointDefault], undefined]);
  assert.equal(
    settingsPath({ HOME: '/home/me', XDG_CONFIG_HOME: '/etc/x' }),
    '/etc/x/dftfs/config.json',
  );
});

test('a token that others may read is warned of', async (context) => {
  const environment = await withFile(context, '{"token": "t"}', 0o644);
  assert.match((await readSettings(nothing, environment)).warnings.join(), /chmod 600/);
});

test('a token can stand in a file, which the flag, the environment or the settings name', async (context) => {
  const folder = await temporaryFolder(context);
  const file = (name: string) => join(folder, name);
  for (const name of ['flag', 'environment', 'settings', 'other']) {
    await writeFile(file(name), `of-${name}\n`, { mode: 0o600 });
  }
  const environment = await withFile(
    context,
    JSON.stringify({ tokenFile: file('settings') }),
    0o644,
  );
  const found = async (given: object, more: object) => {
    const settings = await readSettings({ ...nothing, ...given }, { ...environment, ...more });
    assert.deepEqual(settings.warnings, []);
    return [settings.token, settings.otherToken];
  };
  assert.deepEqual(await found({}, {}), ['of-settings', undefined]);
  const more = { DFTFS_TOKEN_FILE: file('environment'), DFTFS_TO_TOKEN_FILE: file('other') };
  assert.deepEqual(await found({}, more), ['of-environment', 'of-other']);
  assert.deepEqual(await found({ tokenFile: file('flag') }, more), ['of-flag', 'of-other']);
  assert.deepEqual(await found({ token: 't', otherTokenFile: file('flag') }, more), [
    't',
    'of-flag',
  ]);
  assert.deepEqual(await found({}, { DFTFS_TOKEN: 't' }), ['t', undefined]);
});

test('a file of a token that others may read is warned of; what is no token is told, not shown', async (context) => {
  const folder = await temporaryFolder(context);
  const given = (name: string) => ({ ...nothing, tokenFile: join(folder, name) });
  const environment = { HOME: '/nonexistent' };
  await writeFile(given('open').tokenFile, 'secret', { mode: 0o644 });
  const { token, warnings } = await readSettings(given('open'), environment);
  assert.equal(token, 'secret');
  assert.match(warnings.join(), /open is a token and others may read it/);
  const contents = { empty: '\n', two: 'secret secret', large: 'secret'.repeat(1000) };
  for (const [name, text] of Object.entries(contents)) {
    await writeFile(given(name).tokenFile, text, { mode: 0o600 });
  }
  for (const name of [...Object.keys(contents), 'none']) {
    const isTold = (error: Error) =>
      error instanceof UsageError && !error.message.includes('secret');
    await assert.rejects(readSettings(given(name), environment), isTold, name);
  }
  const both = { ...given('open'), token: 'secret' };
  await assert.rejects(readSettings(both, environment), /give one of them/);
});

test('authorities come from a file that the flag, the environment or the settings name', async (context) => {
  const ca = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
  const folder = await temporaryFolder(context);
  const [one, other] = [join(folder, 'one.crt'), join(folder, 'other.crt')];
  await writeFile(one, ca);
  await writeFile(other, `${ca}${ca}`);
  const environment = await withFile(context, JSON.stringify({ ca: one }));
  assert.equal((await readSettings(nothing, environment)).ca, ca);
  const more = { ...environment, DFTFS_CA: other };
  assert.equal((await readSettings(nothing, more)).ca, `${ca}${ca}`);
  assert.equal((await readSettings({ ...nothing, ca: one }, more)).ca, ca);
  for (const file of [join(folder, 'none'), settingsPath(environment)]) {
    await assert.rejects(readSettings({ ...nothing, ca: file }, environment), UsageError, file);
  }
});

test('settings that make no sense are refused', async (context) => {
  for (const text of [
    '{',
    '[]x',
    '7',
    '{"endpoints": "a"}',
    '{"token": 7}',
    '{"tokenFile": 7}',
    '{"token": "a", "tokenFile": "b"}',
    '{"ca": 7}',
    '{"endpiont": "a"}',
  ]) {
    const environment = await withFile(context, text);
    await assert.rejects(readSettings(nothing, environment), UsageError, text);
  }
  for (const endpoint of ['ftp://a', 'http://', 'http://a/path', 'http://u@a', 'a b']) {
    const given = { endpoints: [endpoint] };
    await assert.rejects(readSettings(given, { HOME: '/nonexistent' }), UsageError, endpoint);
  }
  const badToken = { endpoints: [], token: 'a b' };
  await assert.rejects(readSettings(badToken, { HOME: '/nonexistent' }), UsageError);
});

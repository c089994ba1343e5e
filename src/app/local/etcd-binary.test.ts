import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { findEtcd, isNewEnough } from './etcd-binary.ts';
import { LaunchError } from './launch-error.ts';

async function folder(t: { after(fn: () => Promise<void>): void }): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'dftfs-etcd-'));
  t.after(() => rm(made, { recursive: true, force: true }));
  return made;
}

async function script(path: string, body: string): Promise<void> {
  await writeFile(path, `#!/bin/sh\n${body}\n`);
  await chmod(path, 0o755);
}

test('versions from 3.4 on will do', () => {
  assert.equal(isNewEnough('etcd Version: 3.4.23\nGit SHA: x'), true);
  assert.equal(isNewEnough('etcd Version: 3.10.0'), true);
  assert.equal(isNewEnough('etcd Version: 4.0.0'), true);
  assert.equal(isNewEnough('etcd Version: 3.3.25'), false);
  assert.equal(isNewEnough('etcd Version: 2.9.1'), false);
  assert.equal(isNewEnough('something else'), false);
});

test('an etcd on the path is taken, an old one passed over', async (t) => {
  const [old, good, cache] = [await folder(t), await folder(t), await folder(t)];
  await script(join(old, 'etcd'), 'echo etcd Version: 3.3.1');
  await script(join(good, 'etcd'), 'echo etcd Version: 3.5.9');
  const found = await findEtcd({ path: `${old}:${good}`, cache });
  assert.equal(found, join(good, 'etcd'));
});

test('without one, the package is fetched once, whole or not at all', async (t) => {
  const [tools, cache] = [await folder(t), await folder(t)];
  await script(join(tools, 'apt-get'), ': > etcd-server_1_all.deb');
  await script(
    join(tools, 'dpkg'),
    'PATH=/usr/bin:/bin; mkdir -p "$3/usr/bin"; printf "#!/bin/sh\\necho etcd Version: 3.4.1\\n" > "$3/usr/bin/etcd"; chmod +x "$3/usr/bin/etcd"',
  );
  const both = await Promise.all([
    findEtcd({ path: tools, cache }),
    findEtcd({ path: tools, cache }),
  ]);
  assert.deepEqual(both, [join(cache, 'etcd/usr/bin/etcd'), join(cache, 'etcd/usr/bin/etcd')]);
  assert.deepEqual(await readdir(cache), ['etcd']);
  await rm(join(tools, 'apt-get'));
  assert.equal(await findEtcd({ path: tools, cache }), join(cache, 'etcd/usr/bin/etcd'));
});

test('no tool to fetch it with, or a failing one, says what to install and leaves nothing', async (t) => {
  const [tools, cache] = [await folder(t), await folder(t)];
  const says = (pattern: RegExp) => (error: unknown) =>
    error instanceof LaunchError && pattern.test(error.message) && !error.message.includes('\n');
  await assert.rejects(
    findEtcd({ path: tools, cache }),
    says(/no apt-get to fetch it with: install/),
  );
  await script(join(tools, 'apt-get'), 'echo first >&2; echo E: no such package >&2; exit 100');
  await assert.rejects(
    findEtcd({ path: tools, cache }),
    says(/E: no such package.*install etcd 3\.4/),
  );
  assert.deepEqual(await readdir(cache), []);
});

test('the etcd that is found here runs', async () => {
  const found = await findEtcd();
  assert.match(execFileSync(found, ['--version'], { encoding: 'utf8' }), /etcd Version: /);
});

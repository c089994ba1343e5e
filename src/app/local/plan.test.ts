import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { LaunchError } from './launch-error.ts';
import { publicUrl, writeManifest } from './manifest.ts';
import { parseStartOptions } from './options.ts';
import { planStart } from './plan.ts';
import { freePorts } from './ports.ts';

async function planner(context: TestContext) {
  const data = await mkdtemp(join(tmpdir(), 'dftfs-plan-'));
  context.after(() => rm(data, { recursive: true }));
  const [port] = await freePorts('127.0.0.1', 1);
  const plan = async (...words: string[]) => {
    const common = ['--data', data, '--port', String(port), '--nodes', '1', '--etcd', '1'];
    const options = parseStartOptions([...common, ...words]);
    assert.ok(options);
    return planStart(options);
  };
  return { data, port, plan };
}

test('an address that others reach is refused before anything is begun', async (context) => {
  const { data, plan } = await planner(context);
  for (const words of [[], ['--tokens']]) {
    await assert.rejects(plan('--host', '0.0.0.0', ...words), (error: Error) => {
      assert.ok(error instanceof LaunchError);
      assert.match(error.message, /^0\.0\.0\.0 can be reached from other machines: .*--insecure$/);
      assert.doesNotMatch(error.message, /\n/);
      return true;
    });
  }
  await assert.rejects(plan('--host', 'example.org'), /--host must be an address/);
  assert.deepEqual(await readdir(data), []);
});

test('what was said once need not be said again', async (context) => {
  const { data, port, plan } = await planner(context);
  const { manifest } = await plan('--host', '0.0.0.0', '--insecure', '--tokens');
  assert.equal(publicUrl(manifest), `http://127.0.0.1:${port}`);
  await writeManifest(data, manifest);
  const again = (await plan()).manifest;
  assert.deepEqual([again.publicHost, again.tokens, again.insecure], ['0.0.0.0', true, true]);
  await assert.rejects(plan('--no-insecure'), /can be reached from other machines/);
  const closed = (await plan('--no-insecure', '--host', '127.0.0.1', '--no-tokens')).manifest;
  assert.deepEqual(
    [closed.publicHost, closed.tokens, closed.insecure],
    ['127.0.0.1', false, false],
  );
});

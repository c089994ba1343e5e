/** The program as a process: signals, pipes whose other end goes, exit codes. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { testGateway } from '../../test/support/test-gateway.ts';

const main = join(import.meta.dirname, 'dftfs.ts');

async function begin(context: TestContext, words: readonly string[], url: string) {
  const child = spawn(process.execPath, [main, ...words], {
    env: { PATH: process.env.PATH, HOME: '/nonexistent', DFTFS_ENDPOINT: url },
  });
  context.after(() => child.kill('SIGKILL'));
  await once(child, 'spawn');
  return child;
}

const exitOf = async (child: ChildProcess): Promise<number | null> =>
  (await once(child, 'exit'))[0] as number | null;

test('an upload of a stdin that never ends is interrupted at once', async (context) => {
  const { url, files } = await testGateway(context);
  const child = await begin(context, ['put', '-', '/a'], url);
  const heard = once(child.stderr, 'data');
  // More than one chunk: it has read some when the signal comes.
  child.stdin.write(Buffer.alloc(10_000_000));
  await once(child.stdin, 'drain');
  child.kill('SIGINT');
  const exit = exitOf(child);
  assert.match(String((await heard)[0]), /interrupted by SIGINT/);
  assert.equal(await exit, 130);
  assert.deepEqual(files.names(), []);
});

test('a reader that has seen enough ends the command quietly', async (context) => {
  const { url, files } = await testGateway(context);
  await files.fill('/many', 20_000);
  const child = await begin(context, ['ls', '-r', '/'], url);
  let heard = '';
  child.stderr.on('data', (chunk) => {
    heard += chunk;
  });
  await once(child.stdout, 'data');
  child.stdout.destroy();
  assert.equal(await exitOf(child), 141);
  assert.equal(heard, '');
});

test('the exit code is that of the command', async (context) => {
  const { url } = await testGateway(context);
  assert.equal(await exitOf(await begin(context, ['exists', '/nothing'], url)), 1);
  assert.equal(await exitOf(await begin(context, ['help'], url)), 0);
});

/** What is left of an interrupted download, and how the next one goes on. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { objectsOf, runIn, runnerAt, temporaryFolder } from '../../../test/support/cli-terminal.ts';
import { cuttingProxy } from '../../../test/support/cutting-proxy.ts';
import { overriding } from '../../../test/support/memory-files.ts';
import { type TestGatewaySetup, testGateway } from '../../../test/support/test-gateway.ts';
import { partPath } from './download.ts';

const content = Buffer.alloc(3_000_000, 'abcdefghijk');

async function started(context: TestContext, setup: TestGatewaySetup = {}) {
  const { url, port, files } = await testGateway(context, setup);
  const folder = await temporaryFolder(context);
  const run = runnerAt(url);
  const put = await run(['put', '--json', '-', '/big'], { stdin: content });
  const [{ etag = '' } = {}] = objectsOf(put.stdout);
  const target = join(folder, 'big');
  return { url, port, files, folder, run, target, part: partPath(target, String(etag)) };
}

test('an interrupted download is gone on with', async (context) => {
  const { port, folder, run, target, part } = await started(context);
  // Enough bytes for a beginning; then each connection breaks before it has brought any.
  const cutting = await cuttingProxy(context, port, (connection) => (connection < 1 ? 1e6 : 0));
  const broken = await runIn(['get', '/big', target], { endpoints: [cutting] });
  assert.equal(broken.exit, 4);
  assert.match(broken.stderr, /^dftfs: \/big: no endpoint answers as it should: .*\n$/);
  assert.deepEqual(await readdir(folder), [part.slice(folder.length + 1)]);
  const there = (await stat(part)).size;
  assert.ok(there > 0 && there < content.length);
  const again = await run(['get', '--json', '/big', target]);
  assert.equal(again.exit, 0, again.stderr);
  assert.deepEqual(objectsOf(again.stdout)[0]?.resumedAt, there);
  assert.ok((await readFile(target)).equals(content));
  assert.deepEqual(await readdir(folder), ['big']);
});

test('only the rest is asked for, down to nothing', async (context) => {
  const starts: number[] = [];
  const wrap: TestGatewaySetup['wrap'] = (files) =>
    overriding(files, {
      read: (entry, range, exchange) => {
        starts.push(range.start);
        return files.read(entry, range, exchange);
      },
    });
  const { run, target, part } = await started(context, { wrap });
  for (const length of [1_000_000, content.length]) {
    await writeFile(part, content.subarray(0, length));
    assert.equal((await run(['get', '/big', target])).exit, 0);
    assert.ok((await readFile(target)).equals(content));
  }
  assert.ok(starts.includes(1_000_000));
  assert.ok(starts.every((start) => start < content.length));
});

test('what an earlier try brought is verified too', async (context) => {
  const { run, target, part } = await started(context);
  await writeFile(part, Buffer.alloc(1_000_000, '?'));
  const damaged = await run(['get', '/big', target]);
  assert.equal(damaged.exit, 5);
  assert.match(damaged.stderr, /other bytes/);
  assert.ok(!existsSync(part) && !existsSync(target));
  assert.equal((await run(['get', '/big', target])).exit, 0);
});

test('the rest of another file is not taken', async (context) => {
  const { run, files, target, part } = await started(context);
  await writeFile(part, content.subarray(0, 1_000_000));
  await run(['rm', '/big']);
  await run(['put', '-', '/big'], { stdin: Buffer.from('new') });
  assert.equal((await run(['get', '/big', target])).exit, 0);
  assert.equal(await readFile(target, 'utf8'), 'new');
  assert.equal(files.content('/big')?.toString(), 'new');
});

test('damage on the way to stdout is told at the end', async (context) => {
  const wrap: TestGatewaySetup['wrap'] = (files) =>
    overriding(files, {
      read: async function* (entry, range, exchange) {
        for await (const chunk of files.read(entry, range, exchange))
          yield Buffer.alloc(chunk.length);
      },
    });
  const { run } = await started(context, { wrap });
  const { exit, bytes } = await run(['cat', '/big']);
  assert.equal(exit, 5);
  assert.equal(bytes.length, content.length);
});

test('on a terminal the progress is drawn, and makes way for what is said', async (context) => {
  const { run, target } = await started(context, {
    wrap: (files) =>
      overriding(files, {
        read: async function* (entry, range, exchange) {
          for await (const chunk of files.read(entry, range, exchange)) {
            // The server holds one back: its last goes out when all is known to be sound.
            yield chunk.subarray(0, 1);
            yield chunk.subarray(1, 2);
            await drawn.promise;
            yield chunk.subarray(2);
          }
        },
      }),
  });
  const drawn = Promise.withResolvers<void>();
  const heard = (text: string) => {
    if (text.includes('/big')) drawn.resolve();
  };
  const { exit, stderr } = await run(['get', '/big', target], { columns: 80, heard });
  assert.equal(exit, 0);
  const drawings = stderr.split('\r\x1b[K');
  assert.match(drawings[1] ?? '', /^\/big .*2\.9 MiB/);
  assert.match(drawings.at(-1) ?? '', /^1 file {2}2\.9 MiB {2}in .*\n$/);
});

test('an interruption leaves the part and ends with 130', async (context) => {
  const { InterruptedError } = await import('../exit-codes.ts');
  const interruption = new AbortController();
  const wrap: TestGatewaySetup['wrap'] = (files) =>
    overriding(files, {
      read: async function* (entry, range, exchange) {
        let count = 0;
        for await (const chunk of files.read(entry, range, exchange)) {
          yield chunk.subarray(0, 500_000);
          if (count++ === 0) interruption.abort(new InterruptedError('interrupted by SIGINT'));
          await new Promise((resolve) => exchange.signal.addEventListener('abort', resolve));
        }
      },
    });
  const { run, target, folder } = await started(context, { wrap });
  const { exit, stderr } = await run(['get', '/big', target], { signal: interruption.signal });
  assert.equal(exit, 130);
  assert.equal(stderr, 'dftfs: interrupted by SIGINT\n');
  assert.ok(!(await readdir(folder)).includes('big'));
});

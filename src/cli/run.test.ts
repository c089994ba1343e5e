/** Verbs against a gateway over files in memory: what they do, say, and end with. */
import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { DftfsError } from '#base/errors.ts';
import { objectsOf, runIn, runnerAt, temporaryFolder } from '../../test/support/cli-terminal.ts';
import { deadEndpoint } from '../../test/support/dead-endpoint.ts';
import { overriding } from '../../test/support/memory-files.ts';
import { type TestGatewaySetup, testGateway } from '../../test/support/test-gateway.ts';

async function started(context: TestContext, setup: TestGatewaySetup = {}) {
  const { files, url, port } = await testGateway(context, setup);
  return { files, url, port, run: runnerAt(url), folder: await temporaryFolder(context) };
}

/** Folders and files by path; large enough ones are streamed. */
async function makeTree(folder: string): Promise<void> {
  await mkdir(join(folder, 'tree/sub'), { recursive: true });
  await writeFile(join(folder, 'tree/a.txt'), 'a');
  await writeFile(join(folder, 'tree/sub/b.txt'), 'bb');
  await writeFile(join(folder, 'tree/sub/big.bin'), Buffer.alloc(5_000_000, 'xyz'));
  await symlink('a.txt', join(folder, 'tree/link'));
  await symlink('.', join(folder, 'tree/loop'));
}

test('put and get: one file, as a name or into a folder', async (context) => {
  const { run, files, folder } = await started(context);
  const local = join(folder, 'photo.jpg');
  await writeFile(local, 'bytes');
  assert.equal((await run(['put', local, '/p/'])).exit, 0);
  const put = await run(['put', '-m', 'Owner=me', '--json', local, 'q']);
  assert.deepEqual(
    objectsOf(put.stdout).map(({ put: path, size }) => [path, size]),
    [['/q', 5]],
  );
  assert.deepEqual(files.names(), ['/p/photo.jpg', '/q']);
  assert.equal(files.entries.get('/q')?.record.contentType, 'application/octet-stream');
  assert.equal(files.entries.get('/p/photo.jpg')?.record.contentType, 'image/jpeg');
  assert.deepEqual({ ...files.entries.get('/q')?.record.metadata }, { owner: 'me' });
  assert.equal((await run(['get', '/q', join(folder, 'name')])).exit, 0);
  assert.equal((await run(['get', '/q', `${folder}/into/`])).exit, 0);
  assert.equal((await run(['get', '/p/photo.jpg', folder])).exit, 0);
  assert.equal(await readFile(join(folder, 'name'), 'utf8'), 'bytes');
  assert.equal(await readFile(join(folder, 'into/q'), 'utf8'), 'bytes');
});

test('whole trees go up and come down', async (context) => {
  const { run, files, folder } = await started(context);
  await makeTree(folder);
  const put = await run(['put', '-r', join(folder, 'tree'), '/t']);
  assert.equal(put.exit, 0, put.stderr);
  assert.match(put.stderr, /loop is passed over/);
  assert.match(put.stderr, /^4 files {2}4.8 MiB/m);
  const names = ['/t/a.txt', '/t/link', '/t/sub/b.txt', '/t/sub/big.bin'];
  assert.deepEqual(files.names(), names);
  assert.equal((await run(['put', '-r', join(folder, 'tree'), '/u/'])).exit, 0);
  assert.ok(files.names().includes('/u/tree/sub/b.txt'));
  assert.equal((await run(['get', '-r', '/t', join(folder, 'back')])).exit, 0);
  const back = await readdir(join(folder, 'back'), { recursive: true });
  assert.deepEqual(back.sort(), ['a.txt', 'link', 'sub', 'sub/b.txt', 'sub/big.bin']);
  const big = await readFile(join(folder, 'back/sub/big.bin'));
  assert.ok(big.equals(Buffer.alloc(5_000_000, 'xyz')));
});

test('what is taken is a conflict, unless it is to be skipped', async (context) => {
  const { run, folder } = await started(context);
  await makeTree(folder);
  const put = ['put', '-r', join(folder, 'tree/sub'), '/s'];
  assert.equal((await run(put)).exit, 0);
  const again = await run([...put, '--json']);
  assert.equal(again.exit, 3);
  const errors = objectsOf(again.stderr).map(({ error }) => error as Record<string, unknown>);
  assert.deepEqual(
    errors.map(({ code, exit }) => [code, exit]),
    [
      ['path_exists', 3],
      ['path_exists', 3],
    ],
  );
  assert.equal((await run([...put, '--skip-existing'])).exit, 0);
});

test('stdin and stdout', async (context) => {
  const { run, files } = await started(context);
  const sent = Buffer.from([0, 255, 10, 13, 128]);
  assert.equal((await run(['put', '-', '/raw'], stdin(sent))).exit, 0);
  assert.ok(files.content('/raw')?.equals(sent));
  const got = await run(['get', '/raw', '-']);
  assert.ok(got.bytes.equals(sent));
  assert.equal((await run(['put', '-', '/folder/'])).exit, 2);
  await run(['put', '-', '/raw2'], stdin(Buffer.from('tail')));
  assert.ok((await run(['cat', '/raw*'])).bytes.equals(Buffer.concat([sent, Buffer.from('tail')])));
  assert.equal((await run(['cat', '/raw', '/none', '/raw2'])).exit, 1);
});

const stdin = (bytes: Buffer) => ({ stdin: bytes });

test('cp, mv, rm', async (context) => {
  const { run, files } = await started(context);
  for (const path of ['/a/1.txt', '/a/b/2.txt', '/a/3.md']) {
    await run(['put', '-', path], stdin(Buffer.from(path)));
  }
  assert.equal((await run(['cp', '-r', '/a', '/c'])).exit, 0);
  assert.deepEqual(
    files.names().filter((name) => name.startsWith('/c')),
    [...['/c/1.txt', '/c/3.md', '/c/b/2.txt']],
  );
  assert.equal((await run(['mv', '/c/*.txt', '/d'])).exit, 0);
  assert.equal((await run(['mv', '/c/3.md', '/e.md'])).exit, 0);
  assert.deepEqual(
    files.names().filter((name) => !name.startsWith('/a')),
    ['/c/b/2.txt', '/d/1.txt', '/e.md'],
  );
  assert.equal((await run(['cp', '-r', '/a', '/a/x'])).exit, 2);
  assert.equal((await run(['cp', '/e.md', '/d/1.txt'])).exit, 3);
  assert.equal((await run(['mv', '/none', '/x'])).exit, 1);
  assert.equal((await run(['rm', '/none'])).exit, 1);
  assert.equal((await run(['rm', '-f', '/none', '/none*'])).exit, 0);
  assert.equal((await run(['rm', '/d/1.txt', '/e.md'])).exit, 0);
  assert.equal((await run(['rm', '-r', '/'])).exit, 2);
  const rest = await run(['rm', '-r', '--no-preserve-root', '--json', '/']);
  assert.deepEqual(objectsOf(rest.stdout), [{ rm: '/', removed: 4 }]);
  assert.deepEqual(files.names(), []);
});

test('ls, tree, du, exists, stat', async (context) => {
  const { run } = await started(context);
  for (const path of ['/a/1', '/a/b/2', '/a/b/c/3', '/a/d']) {
    await run(['put', '-', path], stdin(Buffer.alloc(1024)));
  }
  const shown = async (...words: string[]) => (await run(words)).stdout;
  assert.equal(await shown('ls'), 'a/\n');
  assert.equal(await shown('ls', '/a'), '1\nb/\nd\n');
  assert.equal(await shown('ls', '-rp', '/a'), '/a/1\n/a/b/2\n/a/b/c/3\n/a/d\n');
  assert.equal(await shown('ls', '/a/*'), '/a/1\n/a/b/\n/a/d\n');
  assert.equal(await shown('ls', '/a/1'), '1\n');
  assert.match(
    await shown('ls', '-l', '/a/d'),
    /^ 1\.0 KiB {2}\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}d\n$/,
  );
  assert.deepEqual(
    objectsOf(await shown('ls', '--json', '/a')).map(({ path, kind }) => [path, kind]),
    [
      ['/a/1', 'file'],
      ['/a/b', 'folder'],
      ['/a/d', 'file'],
    ],
  );
  const tree = ['/a', '├── 1', '├── b/', '│   ├── 2', '│   └── c/', '│       └── 3', '└── d', ''];
  assert.equal(await shown('tree', '/a'), tree.join('\n'));
  assert.equal(await shown('tree', '-d', '1', '/a'), '/a\n├── 1\n├── b/\n└── d\n');
  const sums = objectsOf(await shown('du', '--json', '-d', '2', '/a'));
  assert.deepEqual(
    sums.map(({ path, files, bytes }) => [path, files, bytes]),
    [
      ['/a/b/c', 1, 1024],
      ['/a/b', 2, 2048],
      ['/a', 4, 4096],
    ],
  );
  assert.match(await shown('du'), /^ 4\.0 KiB +4 files {2}\/\n$/);
  assert.deepEqual(
    [await shown('exists', '/a/1'), await shown('exists', '/a')],
    ['true\n', 'false\n'],
  );
  assert.equal((await run(['exists', '-q', '/a/1', '/a'])).exit, 1);
  assert.equal(await shown('exists', '-q', '/a'), '');
  assert.match(await shown('stat', '/a/1'), /^survives +2 more losses$/m);
  assert.equal((await run(['stat', '/nothing'])).exit, 1);
  assert.equal((await run(['ls', '/nothing'])).exit, 1);
});

test('exit codes say what was wrong', async (context) => {
  const { run, url, folder } = await started(context);
  const dead = { endpoints: [await deadEndpoint()] };
  const exit = async (...given: Parameters<typeof runIn>) => (await runIn(...given)).exit;
  assert.equal(await exit(['bogus']), 2);
  assert.equal(await exit([]), 2);
  assert.equal(await exit(['--help']), 0);
  assert.equal(await exit(['put', join(folder, 'none'), '/x'], { endpoints: [url] }), 9);
  assert.equal(await exit(['put', folder, '/x'], { endpoints: [url] }), 9);
  const missing = await run(['put', join(folder, 'none'), '/x']);
  assert.equal(missing.stderr, `dftfs: ${join(folder, 'none')}: no such file or directory\n`);
  assert.equal(await exit(['cat', '/a/../b'], { endpoints: [url] }), 2);
  assert.equal(await exit(['cat', '/ls'], { endpoints: [url] }), 2);
  assert.equal(await exit(['ls', '-e', 'ftp://x']), 2);
  assert.equal(await exit(['exists', '/x'], dead), 4);
  assert.equal(await exit(['exists', '/x'], { endpoints: [...dead.endpoints, url] }), 1);
  const aborted = AbortSignal.abort(new DOMException('for the test', 'AbortError'));
  assert.notEqual((await run(['ls'], { signal: aborted })).exit, 0);
});

test('no space, damage and an unknown outcome are told apart', async (context) => {
  let code: 'names_full' | 'data_damaged' | 'outcome_unknown' = 'names_full';
  const wrap: TestGatewaySetup['wrap'] = (files) =>
    overriding(files, {
      copy: async () => {
        throw new DftfsError(code, 'for the test');
      },
    });
  const { run } = await started(context, { wrap });
  const exits: number[] = [];
  for (code of ['names_full', 'data_damaged', 'outcome_unknown'] as const) {
    exits.push((await run(['cp', '/a', '/b'])).exit);
  }
  assert.deepEqual(exits, [7, 5, 6]);
});

test('a token goes with each request, and into no message', async (context) => {
  const { createServer } = await import('node:http');
  const seen: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers.authorization);
    response.writeHead(403).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => server.close());
  const { port } = server.address() as { port: number };
  const shape = {
    endpoints: [`127.0.0.1:${port}`],
    environment: { DFTFS_TOKEN: 'from-environment' },
  };
  const denied = await runIn(['ls', '/'], shape);
  assert.equal(denied.exit, 8);
  const given = await runIn(['exists', '/a', '--token', 'from-flag'], shape);
  assert.deepEqual(seen, ['Bearer from-environment', 'Bearer from-flag']);
  for (const { stdout, stderr } of [denied, given]) assert.ok(!(stdout + stderr).includes('from-'));
});

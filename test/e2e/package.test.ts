/**
 * The npm package as its users have it: packed, installed into an empty folder, used by a program
 * in plain JavaScript, by one in TypeScript whose types are checked, as a command, and as the nodes
 * of a cluster.
 */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { freePorts } from '#app/local/ports.ts';
import { projectFolder } from '#app/local/project.ts';
import { EtcdCluster } from '../support/etcd-cluster.ts';
import { httpCall } from '../support/http-call.ts';
import { type Running, runProgram } from '../support/run-program.ts';
import { until } from '../support/until.ts';

const plain = `
import { PathExistsError, Storage } from 'dftfs';
import { startTestServer } from 'dftfs/testing';

const server = await startTestServer();
const storage = new Storage([server.url]);
await storage.put('/a/b.txt', 'hello', { metadata: { by: 'me' } });
const twice = await storage.put('/a/b.txt', 'again').catch((error) => error);
console.log(twice instanceof PathExistsError, String(await storage.get('/a/b.txt')));
storage.close();
await server.close();
`;

const typed = `
import { type FileStat, PathNotFoundError, Storage } from 'dftfs';
import { startTestServer } from 'dftfs/testing';

await using server = await startTestServer({ log: (line: string) => console.error(line) });
const storage: Storage = server.storage;
await storage.put('/large', Buffer.alloc(2_000_000, 'x'));
const stat: FileStat = await storage.stat('/large');
const size: number = stat.size;
// @ts-expect-error A path is a text.
const gone = storage.get(1).catch(() => storage.get('/none'));
console.log(size, await gone.catch((error: unknown) => error instanceof PathNotFoundError));
`;

const typesConfig = {
  compilerOptions: {
    ...{ module: 'nodenext', target: 'esnext', strict: true, noEmit: true, types: ['node'] },
    // What the package says of itself is checked too.
    skipLibCheck: false,
  },
  files: ['typed.ts'],
};

const own = { PATH: `${path.dirname(process.execPath)}:${process.env.PATH}` };

async function ran(file: string, words: readonly string[], folder: string): Promise<string> {
  const shell = ['-c', 'cd "$0" && exec "$@"', folder, file, ...words];
  const { code, stdout, stderr } = await runProgram('sh', shell, own).ended;
  assert.equal(code, 0, `${file} ${words.join(' ')}\n${stdout}\n${stderr}`);
  return stdout;
}

/** Two nodes, as few as can write, run by the installed command. Nothing else of this project. */
async function assertNodesRun(empty: string): Promise<void> {
  const dftfs = path.join(empty, 'node_modules/.bin/dftfs');
  const etcd = await EtcdCluster.start(1);
  const nodes: Running[] = [];
  try {
    const ports = await freePorts('127.0.0.1', 4);
    await writeFile(path.join(empty, 'secret'), 'ab'.repeat(32), { mode: 0o600 });
    const cluster = { id: 'cd'.repeat(16), etcdEndpoints: etcd.endpoints };
    for (const [id, httpPort, rpcPort] of [
      ['a', ports[0], ports[1]],
      ['b', ports[2], ports[3]],
    ]) {
      const config = path.join(empty, String(id), 'config.json');
      await mkdir(path.dirname(config));
      await writeFile(config, JSON.stringify({ cluster, node: { id, httpPort, rpcPort } }));
      await ran(dftfs, ['node', '--check', '--config', config], empty);
      nodes.push(runProgram(dftfs, ['node', '--config', config], own));
    }
    const url = `http://127.0.0.1:${ports[0]}`;
    const tell = () => nodes.map(({ said }) => said.stderr).join('\n');
    const isLive = async () => {
      const answer = await httpCall('GET', `${url}/-/cluster`).catch(() => undefined);
      const { nodes: seen = [] } = JSON.parse(String(answer?.body ?? '{}'));
      return seen.filter(({ live }: { live: boolean }) => live).length === 2 || undefined;
    };
    await until('two nodes live', isLive, undefined, tell);
    await writeFile(path.join(empty, 'local'), Buffer.alloc(700_000, 'abc'));
    await ran(dftfs, ['put', '-e', url, 'local', '/file'], empty);
    await ran(dftfs, ['get', '-e', `127.0.0.1:${ports[2]}`, '/file', 'back'], empty);
    const [local, back] = await Promise.all(
      ['local', 'back'].map((name) => readFile(path.join(empty, name))),
    );
    assert.ok(local?.equals(back as Buffer));
    assert.equal((await httpCall('GET', `${url}/-/console/`)).status, 200);
    for (const { pid } of nodes) process.kill(pid, 'SIGTERM');
    for (const { ended } of nodes) assert.equal((await ended).code, 0);
  } finally {
    for (const { pid, ended } of nodes.splice(0)) {
      if (isRunning(pid)) process.kill(pid, 'SIGKILL');
      await ended;
    }
    await etcd.stop();
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test('the package, packed and installed', async () => {
  const root = await mkdtemp(path.join(tmpdir(), 'dftfs-package-'));
  try {
    const [built, empty] = [path.join(root, 'built'), path.join(root, 'application')];
    await mkdir(empty);
    await ran(process.execPath, ['scripts/build-package.ts', built], projectFolder);
    await ran('npm', ['pack', built, '--pack-destination', root], root);
    const packed = (await readdir(root)).filter((name) => name.endsWith('.tgz'));
    assert.equal(packed.length, 1);

    await writeFile(path.join(empty, 'package.json'), '{ "type": "module", "private": true }');
    const quick = ['--no-audit', '--no-fund', '--prefer-offline'];
    const types = `@types/node@${process.versions.node.split('.')[0]}`;
    await ran('npm', ['install', path.join(root, packed[0] as string), types, ...quick], empty);

    await writeFile(path.join(empty, 'plain.js'), plain);
    assert.equal(await ran(process.execPath, ['plain.js'], empty), 'true hello\n');

    await writeFile(path.join(empty, 'typed.ts'), typed);
    await writeFile(path.join(empty, 'tsconfig.json'), JSON.stringify(typesConfig));
    const compiler = path.join(projectFolder, 'node_modules/typescript/lib/tsc.js');
    await ran(process.execPath, [compiler, '-p', '.'], empty);
    assert.equal(await ran(process.execPath, ['typed.ts'], empty), '2000000 true\n');

    assert.match(
      await ran('node_modules/.bin/dftfs', ['--help'], empty),
      /^ {2}dev +run a storage/m,
    );
    await assertNodesRun(empty);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
});

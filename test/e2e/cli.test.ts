/**
 * The command line as people use it, against a real cluster: every verb, a node that dies in the
 * midst of an upload through it, a download that is interrupted and gone on with, and exit codes.
 * Each command is a process of its own; the transcript is in the diagnostics.
 */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { projectFolder } from '#app/local/project.ts';
import { startTestServer } from '#app/testing.ts';
import { objectsOf } from '../support/cli-terminal.ts';
import { cuttingProxy } from '../support/cutting-proxy.ts';
import { deadEndpoint } from '../support/dead-endpoint.ts';
import { seededBytes } from '../support/every-endpoint.ts';
import { type LocalCluster, withLocalCluster } from '../support/local-cluster.ts';
import { type Ended, type Running, runProgram } from '../support/run-program.ts';
import { until } from '../support/until.ts';

const program = join(projectFolder, 'dftfs');
const transcriptCharactersMax = 1500;

class Terminal {
  readonly folder: string;
  readonly #context: TestContext;
  readonly #url: string;

  constructor(context: TestContext, url: string, folder: string) {
    this.#context = context;
    this.#url = url;
    this.folder = folder;
  }

  begin(words: readonly string[], input?: string | Buffer): Running {
    const environment = { DFTFS_ENDPOINT: this.#url, XDG_CONFIG_HOME: this.folder };
    return runProgram(program, words, environment, input);
  }

  async run(words: readonly string[], exit = 0, input?: string | Buffer): Promise<Ended> {
    return this.ended(words, this.begin(words, input), exit);
  }

  async ended(words: readonly string[], running: Running, exit: number): Promise<Ended> {
    const ended = await running.ended;
    const said = `$ dftfs ${words.join(' ')}\n${ended.stdout}${ended.stderr}[${ended.code}]`;
    this.#context.diagnostic(said.slice(0, transcriptCharactersMax));
    assert.equal(ended.code, exit, said);
    return ended;
  }

  async objects(words: readonly string[], exit = 0): Promise<Record<string, unknown>[]> {
    return objectsOf((await this.run([...words, '--json'], exit)).stdout);
  }
}

test('the command line, on a cluster', async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'dftfs-cli-'));
  try {
    await withLocalCluster(async (cluster) => {
      const terminal = new Terminal(context, cluster.url, folder);
      await files(terminal);
      await exitCodes(terminal);
      await operators(terminal);
      await fromLaptop(terminal);
      await resumedDownload(context, terminal, cluster);
      await killedNode(terminal, cluster);
      await bench(terminal);
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

async function files(terminal: Terminal): Promise<void> {
  const { stdout } = await terminal.run(['--help']);
  assert.match(stdout, /^ {2}put +store local files/m);
  await terminal.run(['put', '-', '/a/hello.txt'], 0, 'hello');
  await terminal.run(['cp', '/a/hello.txt', '/a/b/']);
  await terminal.run(['mv', '/a/b/hello.txt', '/a/b/moved.txt']);
  assert.equal((await terminal.run(['cat', '/a/**'])).stdout, 'hellohello');
  assert.equal((await terminal.run(['ls', '/a'])).stdout, 'b/\nhello.txt\n');
  await terminal.run(['ls', '-l', '/a']);
  await terminal.run(['tree', '/']);
  const [sum] = await terminal.objects(['du', '/']);
  assert.deepEqual(sum, { path: '/', files: 2, bytes: 10 });
  const [file] = await terminal.objects(['stat', '/a/hello.txt']);
  assert.deepEqual([file?.size, file?.contentType], [5, 'text/plain']);
  assert.equal(file?.lossesSurvivable, 2);
  assert.match((await terminal.run(['stat', '/a/hello.txt'])).stdout, /copies +node-\d/);
  assert.equal((await terminal.run(['exists', '/a/hello.txt'])).stdout, 'true\n');
  assert.equal((await terminal.run(['completion', 'remote', '/a/h'])).stdout, '/a/hello.txt\n');
  assert.deepEqual(await terminal.objects(['rm', '-r', '/a']), [{ rm: '/a', removed: 2 }]);
}

async function exitCodes(terminal: Terminal): Promise<void> {
  await terminal.run(['put', '-', '/taken'], 0, 'x');
  await terminal.run(['exists', '/nothing'], 1);
  await terminal.run(['get', '/nothing', terminal.folder], 1);
  await terminal.run(['lss'], 2);
  await terminal.run(['put', '-', '/taken'], 3, 'y');
  await terminal.run(['cluster', 'remove', 'node-1'], 3);
  await terminal.run(['cluster', 'drain', 'node-99'], 1);
  const dead = await deadEndpoint();
  await terminal.run(['exists', '/taken', '-e', dead], 4);
  await terminal.run(['exists', '/taken', '-e', dead, '-e', new URL(await any(terminal)).origin]);
  await terminal.run(['doctor', '-e', dead], 4);
  await terminal.run(['put', join(terminal.folder, 'nothing'), '/x'], 9);
}

/** The address of some node's own door, as the cluster tells it. */
async function any(terminal: Terminal): Promise<string> {
  const [node] = await terminal.objects(['cluster', 'nodes']);
  return `http://${node?.host}:${node?.httpPort}`;
}

async function operators(terminal: Terminal): Promise<void> {
  const status = await terminal.run(['cluster', 'status']);
  assert.match(status.stdout, /^nodes +6 of 6 alive$/m);
  assert.equal((await terminal.objects(['cluster', 'nodes'])).length, 6);
  await terminal.run(['cluster', 'nodes']);
  await terminal.run(['cluster', 'volumes']);
  await terminal.run(['cluster', 'repair', '--wait']);
  assert.equal((await terminal.objects(['cluster', 'scrub'])).length, 6);
  await terminal.run(['cluster', 'scrub']);
  const [advice] = await terminal.objects(['cluster', 'drain', 'node-6']);
  assert.equal(advice?.draining, true);
  await terminal.run(['cluster', 'undrain', 'node-6']);
}

/** What was begun on one machine alone moves to the cluster. */
async function fromLaptop(terminal: Terminal): Promise<void> {
  await using laptop = await startTestServer();
  const content = seededBytes('laptop', 3_000_000);
  await laptop.storage.put('/notes/a.md', '# a', { contentType: 'text/markdown' });
  await laptop.storage.put('/notes/large', content, { metadata: { owner: 'me' } });
  const door = await any(terminal);
  await terminal.run(['cp', '-r', '-e', laptop.url, '--to', door, '/', '/moved']);
  const [text] = await terminal.objects(['stat', '/moved/notes/a.md']);
  assert.deepEqual([text?.contentType, text?.lossesSurvivable], ['text/markdown', 2]);
  const [large] = await terminal.objects(['stat', '/moved/notes/large']);
  assert.deepEqual(large?.metadata, { owner: 'me' });
  const copy = join(terminal.folder, 'large');
  await terminal.run(['get', '/moved/notes/large', copy]);
  assert.ok(content.equals(await readFile(copy)));
  await terminal.run(['rm', '-r', '/moved']);
}

const largeBytes = 48 * 1024 * 1024;

async function resumedDownload(
  context: TestContext,
  terminal: Terminal,
  cluster: LocalCluster,
): Promise<void> {
  const local = join(terminal.folder, 'large');
  const content = seededBytes('large', largeBytes);
  await writeFile(local, content);
  await terminal.run(['put', local, '/large']);
  const port = Number(new URL(cluster.url).port);
  const cut = largeBytes / 3;
  const proxy = await cuttingProxy(context, port, (connection) => (connection === 0 ? cut : 0));
  const copy = join(terminal.folder, 'copy');
  await terminal.run(['get', '/large', copy, '-e', proxy], 4);
  const [part = ''] = (await readdir(terminal.folder)).filter((name) => name.endsWith('.part'));
  const there = (await stat(join(terminal.folder, part))).size;
  assert.ok(there > 0 && there < cut, `${there} bytes have come`);
  const [got] = await terminal.objects(['get', '/large', copy]);
  assert.equal(got?.resumedAt, there);
  assert.ok(content.equals(await readFile(copy)));
}

const killedBytes = [0, 1, 5000, 300_000, 6_000_000];
const killedFiles = 100;

/** The upload goes to two nodes' own doors, one of which dies. */
async function killedNode(terminal: Terminal, cluster: LocalCluster): Promise<void> {
  const source = join(terminal.folder, 'source');
  const contents = new Map<string, Buffer>();
  for (let index = 0; index < killedFiles; index++) {
    const bytes = killedBytes[index % killedBytes.length] as number;
    const name = `f${index % 7}/${index}`;
    contents.set(name, seededBytes(name, bytes));
    await mkdir(join(source, `f${index % 7}`), { recursive: true });
    await writeFile(join(source, name), contents.get(name) as Buffer);
  }
  const [victim, other] = ['node-2', 'node-3'];
  const doors = [victim, other].flatMap((name) => ['-e', cluster.nodeUrls.get(name) as string]);
  const following = ['cluster', 'events', '--json'];
  const events = terminal.begin(following);
  const follows = (text: string) =>
    until(text, async () => events.said.stdout.includes(text) || undefined);
  await follows('6 of 6 nodes alive');
  const words = ['put', '-r', source, '/tree', ...doors];
  const upload = terminal.begin(words);
  await until('some files are there', async () => {
    const list = await terminal.begin(['ls', '-r', '/tree']).ended;
    return list.stdout.split('\n').length > 5 || undefined;
  });
  cluster.signal(victim, 'SIGKILL');
  await terminal.ended(words, upload, 0);
  await comesBack(terminal, contents);
  const diagnosis = await terminal.run(['doctor'], 1);
  assert.match(diagnosis.stdout, /node-2 at .* is dead/);
  await cluster.startAgain();
  await terminal.run(['cluster', 'repair', '--wait']);
  await until('the doctor finds nothing', async () => {
    const { code } = await terminal.begin(['doctor']).ended;
    return code === 0 || undefined;
  });
  await terminal.run(['doctor']);
  for (const text of ['node-2 is dead', 'node-2 is alive']) await follows(text);
  process.kill(events.pid, 'SIGINT');
  const { stdout } = await terminal.ended(following, events, 130);
  assert.ok(objectsOf(stdout).every(({ time, text }) => time && text));
}

async function comesBack(terminal: Terminal, contents: ReadonlyMap<string, Buffer>) {
  const back = join(terminal.folder, 'back');
  await terminal.run(['get', '-r', '/tree', back]);
  for (const [name, content] of contents) {
    assert.ok(content.equals(await readFile(join(back, name))), name);
  }
  const [sum] = await terminal.objects(['du', '/tree']);
  assert.equal(sum?.files, contents.size);
}

async function bench(terminal: Terminal): Promise<void> {
  const measured = await terminal.objects(['bench', '--seconds', '1', '--clients', '4']);
  assert.deepEqual(
    measured.map(({ operation }) => operation),
    ['put', 'exists', 'get', 'copy', 'rm'],
  );
  for (const { operation, count, errors } of measured) {
    assert.ok(Number(count) > 0 && errors === 0, `${operation}: ${count}, ${errors} errors`);
  }
  const names = (await terminal.run(['ls', '/'])).stdout;
  assert.ok(!names.includes('bench'), names);
}

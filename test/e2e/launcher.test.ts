/**
 * The launcher against real etcd and stand-ins for nodes: who is started, who answers, what is
 * left.
 */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { answers } from '#app/local/answering.ts';
import { type Manifest, readManifest } from '#app/local/manifest.ts';
import { freePorts, isFree } from '#app/local/ports.ts';
import { findProcess } from '#app/local/process-record.ts';
import { projectFolder } from '#app/local/project.ts';
import { type Ended, type Running, runProgram } from '../support/run-program.ts';

const starter = join(projectFolder, 'test/support/start-stand-ins.ts');
const stopper = join(projectFolder, 'src/app/local/stop.ts');

const begin = (data: string, options: readonly string[] = [], environment = {}): Running =>
  runProgram(process.execPath, [starter, '--data', data, ...options], environment);
const start = (data: string, ...options: string[]): Promise<Ended> => begin(data, options).ended;
const stop = (data: string, ...options: string[]): Promise<Ended> =>
  runProgram(process.execPath, [stopper, '--data', data, ...options]).ended;

async function newFolder(t: Pick<TestContext, 'after'>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'dftfs-launcher-'));
  t.after(async () => {
    await stop(join(folder, 'data'));
    await rm(folder, { recursive: true, force: true });
  });
  return join(folder, 'data');
}

async function freePort(): Promise<number> {
  const [port] = await freePorts('127.0.0.1', 1);
  return port as number;
}

async function listenOn(port: number): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return server;
}

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await holds()); tries += 1) {
    assert.ok(tries < 2000, `not in time: ${what}`);
    await sleep(10);
  }
}

/** Exit code 0, and nothing on stdout but PIDs. */
function pidsOf(ended: Ended): number[] {
  assert.equal(ended.code, 0, ended.stderr);
  assert.match(ended.stdout, /^(\d+\n)*$/);
  return ended.stdout.split('\n').filter(Boolean).map(Number);
}

function assertRefused(ended: Ended, message: RegExp): void {
  assert.equal(ended.code, 1, ended.stderr);
  assert.equal(ended.stdout, '');
  assert.match(ended.stderr, message);
}

/** One clear line and nothing else. */
function assertOneLine(ended: Ended, message: RegExp): void {
  assertRefused(ended, message);
  assert.match(ended.stderr, /^dftfs: [^\n]+\n$/);
}

const pidOf = (data: string, name: string): number => findProcess(data, name)?.pid ?? 0;

function signalTo(data: string, name: string, signal: NodeJS.Signals): void {
  const pid = pidOf(data, name);
  assert.notEqual(pid, 0, `${name} isn't running`);
  process.kill(pid, signal);
}

/** One that is dead, but not yet taken note of by its parent, is gone too. */
const statesOf = (pids: readonly number[]): Promise<string[]> =>
  Promise.all(
    pids.map(async (pid) => {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') Z');
      return stat.split(') ')[1]?.startsWith('Z') ? 'gone' : stat;
    }),
  );

async function kill(data: string, ...names: string[]): Promise<void> {
  for (const name of names) signalTo(data, name, 'SIGKILL');
  await until('killed', () => names.every((name) => pidOf(data, name) === 0));
}

async function pause(data: string, ...names: string[]): Promise<void> {
  for (const name of names) signalTo(data, name, 'SIGSTOP');
  await until('stopped', () => names.every((name) => findProcess(data, name)?.state === 'stopped'));
}

async function wake(data: string, ...names: string[]): Promise<void> {
  for (const name of names) signalTo(data, name, 'SIGCONT');
  await until('woken', () => names.every((name) => findProcess(data, name)?.state === 'running'));
}

const names = ['etcd-1', 'etcd-2', 'etcd-3', 'node-1', 'node-2', 'node-3'];

// One cluster for what doesn't end it; each test leaves all of it running.
let data = '';
let port = 0;
let first: Ended;
const cleanUps: (() => Promise<void>)[] = [];

before(async () => {
  data = await newFolder({ after: (fn) => cleanUps.push(fn as () => Promise<void>) });
  port = await freePort();
  first = await start(data, '--nodes', '3', '--etcd', '3', '--port', String(port));
});
after(async () => {
  for (const cleanUp of cleanUps) await cleanUp();
});

test('a start prints every PID, and its stdout is nobody’s afterwards', async () => {
  const pids = pidsOf(first);
  assert.deepEqual(
    pids,
    names.map((name) => pidOf(data, name)),
  );
  for (const pid of pids) {
    const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ');
    assert.equal(fields?.[3], String(pid), 'leads a session of its own');
  }
  assert.equal((await stat(join(data, 'secret'))).mode & 0o777, 0o600);
  for (const name of names) assert.ok((await readdir(join(data, name))).includes(`${name}.log`));
});

test('a start of what runs starts nothing, also two at once', async () => {
  const both = await Promise.all([start(data), start(data, '--nodes', '3', '--etcd', '3')]);
  assert.deepEqual(both.map(pidsOf), [[], []]);
});

test('only what is dead is started, and shares the one front door', async () => {
  const old = pidOf(data, 'node-1');
  await kill(data, 'node-1', 'etcd-2');
  assert.deepEqual(pidsOf(await start(data)), [pidOf(data, 'etcd-2'), pidOf(data, 'node-1')]);
  assert.notEqual(pidOf(data, 'node-1'), old);
  // With a socket of its own it would keep a share of these connections waiting.
  await pause(data, 'node-1');
  const asked = Array.from(
    { length: 40 },
    answers(`http://127.0.0.1:${port}/exists?path=/started`),
  );
  assert.ok((await Promise.all(asked)).every(Boolean));
  await wake(data, 'node-1');
  await until(
    'it accepts again',
    answers(`http://127.0.0.1:${port}/name`, (it) => it === 'node-1'),
  );
});

test('a stopped process is alive, and left as it is', async () => {
  await pause(data, 'node-2', 'etcd-1');
  assert.deepEqual(pidsOf(await start(data)), []);
  assert.equal(findProcess(data, 'node-2')?.state, 'stopped');
  assert.equal(findProcess(data, 'etcd-1')?.state, 'stopped');
  await wake(data, 'node-2', 'etcd-1');
});

test('with every living node stopped, a node still gets its way in', async () => {
  await kill(data, 'node-3');
  await pause(data, 'node-1', 'node-2');
  assert.deepEqual(pidsOf(await start(data)), [pidOf(data, 'node-3')]);
  await wake(data, 'node-1', 'node-2');
});

test('with every node dead, a new front door is opened', async () => {
  await kill(data, 'node-1', 'node-2', 'node-3');
  const pids = pidsOf(await start(data));
  assert.deepEqual(
    pids,
    names.slice(3).map((name) => pidOf(data, name)),
  );
});

test('a cluster keeps its shape but for more nodes', async () => {
  assertOneLine(await start(data, '--etcd', '5'), /has 3 etcd members/);
  assertOneLine(await start(data, '--nodes', '2'), /has 3 nodes: it can grow/);
  assertOneLine(
    await start(data, '--port', '1'),
    new RegExp(`runs on port ${port}: stop it first`),
  );
  const added = pidsOf(await start(data, '--nodes', '4'));
  assert.deepEqual(added, [pidOf(data, 'node-4')]);
  assert.deepEqual(pidsOf(await start(data)), []);
});

test('a PID that another process has now is not ours', async () => {
  await kill(data, 'node-2');
  const record = join(data, 'node-2', 'process.json');
  const left = JSON.parse(await readFile(record, 'utf8'));
  await writeFile(record, JSON.stringify({ ...left, pid: process.pid }));
  assert.equal(findProcess(data, 'node-2'), undefined);
  assert.deepEqual(pidsOf(await start(data)), [pidOf(data, 'node-2')]);
  assert.notEqual(pidOf(data, 'node-2'), process.pid);
});

test('a port that another program has is named', async (t) => {
  const mine = await newFolder(t);
  const taken = await freePort();
  const server = await listenOn(taken);
  t.after(() => server.close());
  assertOneLine(await start(mine, '--port', String(taken)), new RegExp(`port ${taken} is in use`));
  await kill(data, 'node-3');
  const { nodes } = (await readManifest(data)) as Manifest;
  const own = nodes[2]?.httpPort as number;
  await until('its port is free', () => isFree('127.0.0.1', own));
  const other = await listenOn(own);
  assertOneLine(await start(data), /port \d+, which is node-3's, is in use by another program/);
  other.close();
  assert.equal(pidsOf(await start(data)).length, 1);
});

test('two clusters don’t share a port', async (t) => {
  const mine = await newFolder(t);
  assertOneLine(await start(mine, '--port', String(port)), /is in use by another program/);
});

test('a folder with other things in it is not touched', async (t) => {
  const mine = await newFolder(t);
  const folder = join(mine, '..');
  await writeFile(join(folder, 'letter.txt'), 'dear');
  assertOneLine(await start(folder), /holds other things/);
  assertOneLine(await stop(folder, '--wipe'), /isn't a cluster's data/);
  assert.equal(await readFile(join(folder, 'letter.txt'), 'utf8'), 'dear');
});

test('a start that fails says why and leaves nothing running', async (t) => {
  const mine = await newFolder(t);
  const free = String(await freePort());
  const options = ['--nodes', '2', '--etcd', '1', '--port', free];
  const failed = await begin(mine, options, { STAND_IN_FAILS: 'node-2' }).ended;
  assertRefused(failed, /node-2 ended while starting\. Its log .*\n(.*\n)*.*told to fail/);
  for (const name of ['etcd-1', 'node-1', 'node-2']) assert.equal(pidOf(mine, name), 0);
  assert.equal(pidsOf(await start(mine, ...options)).length, 3);
});

test('a start that is interrupted leaves nothing running', async (t) => {
  const mine = await newFolder(t);
  const options = ['--nodes', '1', '--etcd', '1', '--port', String(await freePort())];
  const running = begin(mine, options, { STAND_IN_SILENT: 'node-1' });
  await until('the node is begun', () => pidOf(mine, 'node-1') !== 0);
  process.kill(running.pid, 'SIGINT');
  assertRefused(await running.ended, /dftfs: interrupted by SIGINT\n$/);
  for (const name of ['etcd-1', 'node-1']) assert.equal(pidOf(mine, name), 0);
});

test('a stop ends everything, the stopped too, and a wipe deletes what a start made', async (t) => {
  const mine = await newFolder(t);
  const options = ['--nodes', '2', '--etcd', '1', '--port', String(await freePort())];
  const pids = pidsOf(await start(mine, ...options));
  await pause(mine, 'node-1');
  assert.match((await stop(mine)).stderr, /^stopped node-1 node-2 etcd-1\n$/);
  assert.deepEqual(await statesOf(pids), ['gone', 'gone', 'gone']);
  assert.match((await stop(mine)).stderr, /nothing was running/);
  assert.deepEqual(pidsOf(await start(mine)).length, 3);
  await writeFile(join(mine, 'letter.txt'), 'dear');
  assert.match((await stop(mine, '--wipe')).stderr, /as no start has made it: letter\.txt/);
  assert.deepEqual(await readdir(mine), ['letter.txt']);
  assert.equal((await stop(mine)).code, 0);
});

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { askControl, type ControlHandlers, controlPath, serveControl } from './control.ts';

const timeoutMs = 5000;
const ask = (folder: string, name: string) =>
  askControl(folder, { op: 'relaunch', name }, timeoutMs);

async function serving(t: TestContext, handlers: ControlHandlers, below = ''): Promise<string> {
  const top = mkdtempSync(join(tmpdir(), 'dftfs-control-'));
  const folder = join(top, below);
  mkdirSync(folder, { recursive: true });
  const server = await serveControl(folder, handlers);
  t.after(async () => {
    await server.close();
    rmSync(top, { recursive: true });
  });
  return folder;
}

test('a request is carried out once and answered, over a socket for its owner alone', async (t) => {
  const asked: string[] = [];
  const folder = await serving(t, { relaunch: (name) => asked.push(name) });
  assert.deepEqual(await ask(folder, 'node-7'), { pid: 1 });
  assert.deepEqual(await ask(folder, 'node-8'), { pid: 2 });
  assert.deepEqual(asked, ['node-7', 'node-8']);
  assert.equal(statSync(controlPath(folder)).mode & 0o777, 0o600);
});

test('what is refused is told', async (t) => {
  const folder = await serving(t, {
    relaunch: () => {
      throw new Error('node-2 is running already');
    },
  });
  assert.deepEqual(await ask(folder, 'node-2'), { error: 'node-2 is running already' });
  assert.deepEqual(await ask(folder, '../node-2'), { error: 'not a node name' });
  const other = { op: 'rename', name: 'node-2' } as never;
  assert.deepEqual(await askControl(folder, other, timeoutMs), { error: 'unknown op' });
});

test('a folder too deep for a socket address has its socket elsewhere', async (t) => {
  const folder = await serving(t, { relaunch: () => 5 }, 'a-long-name/'.repeat(10));
  assert.ok(Buffer.byteLength(controlPath(folder)) < 107);
  assert.deepEqual(await ask(folder, 'node-1'), { pid: 5 });
});

test('nobody there, nobody answering, and noise are failures', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'dftfs-control-'));
  t.after(() => rmSync(folder, { recursive: true }));
  await assert.rejects(ask(folder, 'node-1'), { code: 'ENOENT' });
  writeFileSync(controlPath(folder), '');
  await assert.rejects(ask(folder, 'node-1'), { code: 'ECONNREFUSED' });
  rmSync(controlPath(folder));
  const mute = createServer((socket) => socket.on('error', () => {}));
  await new Promise<void>((resolve) => mute.listen(controlPath(folder), resolve));
  t.after(() => mute.close());
  const request = { op: 'relaunch', name: 'node-1' } as const;
  await assert.rejects(askControl(folder, request, 50), /no answer in time/);
});

test('a line without end breaks the connection, not the node', async (t) => {
  const folder = await serving(t, { relaunch: () => 9 });
  const socket = createConnection(controlPath(folder));
  socket.on('error', () => {});
  socket.write('x'.repeat(10_000));
  await new Promise((resolve) => socket.resume().once('close', resolve));
  assert.deepEqual(await ask(folder, 'node-1'), { pid: 9 });
});

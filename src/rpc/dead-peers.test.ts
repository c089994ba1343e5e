import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { pingMethod } from './rpc.ts';
import { far, lines, startClient, until } from './testing/pair.ts';

const soon = { timeoutMs: 10_000 };
const ping = { method: pingMethod, head: 0 };

async function startProcess(t: TestContext): Promise<{ child: ChildProcess; port: number }> {
  const child = fork(new URL('./testing/peer-process.ts', import.meta.url), []);
  t.after(() => child.kill('SIGKILL'));
  const [port] = (await once(child, 'message')) as [number];
  return { child, port };
}

test('a peer killed during a call: unreachable at once, the outcome open', async (t) => {
  const { child, port } = await startProcess(t);
  const client = startClient(t, port);
  const call = client.call(far, { method: 'never', head: 0 }, { timeoutMs: 60_000 });
  const ended = assert.rejects(call, { code: 'peer_unreachable', outcome: 'maybe' });
  await once(child, 'message');
  child.kill('SIGKILL');
  await ended;
  await assert.rejects(client.call(far, ping, soon), {
    code: 'peer_unreachable',
    outcome: 'none',
  });
});

test('a stopped peer is met by deadlines, and is well again when it goes on', async (t) => {
  const { child, port } = await startProcess(t);
  const client = startClient(t, port);
  await client.call(far, ping, soon);
  child.kill('SIGSTOP');
  const calls = [1, 2, 3].map(() =>
    assert.rejects(client.call(far, ping, { timeoutMs: 30 }), {
      code: 'deadline_exceeded',
      outcome: 'maybe',
    }),
  );
  await Promise.all(calls);
  child.kill('SIGCONT');
  await client.call(far, ping, soon);
});

test('no connection is made to a stopped peer: nothing was sent', async (t) => {
  const { child, port } = await startProcess(t);
  child.kill('SIGSTOP');
  const client = startClient(t, port, { limits: { handshakeTimeoutMs: 50 } });
  await assert.rejects(client.call(far, ping, soon), {
    code: 'peer_unreachable',
    outcome: 'none',
  });
});

test('a connection on which nothing is heard for long is given up', async (t) => {
  const { child, port } = await startProcess(t);
  const client = startClient(t, port, { limits: { silenceMaxMs: 20 } });
  await client.call(far, ping, soon);
  lines.length = 0;
  child.kill('SIGSTOP');
  await assert.rejects(client.call(far, ping, { timeoutMs: 50 }), { code: 'deadline_exceeded' });
  await until(() => lines.some((line) => line.includes('nothing was heard')), 'given up');
  child.kill('SIGCONT');
  await client.call(far, ping, soon);
});

test('a peer whose address is not known is unreachable', async (t) => {
  const client = startClient(t, 0, { resolve: () => undefined });
  await assert.rejects(client.call(far, ping, soon), {
    code: 'peer_unreachable',
    outcome: 'none',
  });
});

import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { objectsOf, runIn } from '../../../test/support/cli-terminal.ts';
import type { DevOptions, StartDev } from '../terminal.ts';

function server() {
  const asked: DevOptions[] = [];
  const interrupted = new AbortController();
  let closed = 0;
  const startDev: StartDev = async (options) => {
    asked.push(options);
    options.log('{"level":"warn"}\n');
    return {
      url: 'http://127.0.0.1:1234',
      close: async () => {
        closed += 1;
      },
    };
  };
  const run = (words: readonly string[]) =>
    runIn(words, {
      ...{ startDev, signal: interrupted.signal },
      said: () => interrupted.abort(),
    });
  return { asked, run, closed: () => closed };
}

test('the URL is on stdout, what it is not on stderr, and it runs until it is interrupted', async () => {
  const { asked, run, closed } = server();
  const ran = await run(['dev', '--data', 'some/folder', '--port', '1234']);
  assert.deepEqual([ran.exit, ran.stdout, closed()], [0, 'http://127.0.0.1:1234\n', 1]);
  assert.match(ran.stderr, /^dftfs: not fault tolerant/m);
  assert.match(ran.stderr, /^{"level":"warn"}$/m);
  assert.deepEqual(
    asked.map(({ folder, port }) => [folder, port]),
    [[resolve('some/folder'), 1234]],
  );
});

test('for programs it is an object, and the warning is one too', async () => {
  const { asked, run } = server();
  const ran = await run(['dev', '--json']);
  const folder = resolve('.dftfs');
  assert.deepEqual(objectsOf(ran.stdout), [
    { url: 'http://127.0.0.1:1234', folder, faultTolerant: false },
  ]);
  assert.match(ran.stderr, /^{"warning":"not fault tolerant/m);
  assert.equal(asked[0]?.port, 8080);
});

test('why it did not start is said', async () => {
  const failing = (code: string) => ({
    startDev: async () => {
      throw Object.assign(new Error('x is in use'), { code });
    },
  });
  const taken = await runIn(['dev', '--port', '80'], failing('EADDRINUSE'));
  assert.deepEqual(
    [taken.exit, taken.stderr],
    [9, 'dftfs: Port 80 is taken: name another, --port.\n'],
  );
  const locked = await runIn(['dev'], failing('ELOCKED'));
  assert.deepEqual([locked.exit, locked.stderr], [9, 'dftfs: x is in use\n']);
  assert.equal((await runIn(['dev', '--port', '70000'])).exit, 2);
});

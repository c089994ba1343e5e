/**
 * `dftfs dev` as people use it: it answers, says what it isn't, ends at Ctrl-C, and what it has
 * acknowledged is there after it was killed in the midst of work.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectFolder } from '#app/local/project.ts';
import { Storage } from '#client/index.ts';
import { runProgram } from '../support/run-program.ts';
import { until } from '../support/until.ts';

const program = join(projectFolder, 'src/app/dftfs.ts');
const putsMin = 200;

async function start(folder: string) {
  const running = runProgram(process.execPath, [program, 'dev', '--data', folder, '--port', '0']);
  const url = await until('it answers', async () => {
    const [line, rest] = running.said.stdout.split('\n');
    return rest === undefined ? undefined : line;
  });
  // One try: a storage that was killed is not waited for.
  return { ...running, storage: new Storage([url], { triesMax: 1 }) };
}

test('a storage of one process: ended, killed, and begun again', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dftfs-dev-'));
  const pids: number[] = [];
  try {
    const begin = async () => {
      const running = await start(folder);
      pids.push(running.pid);
      return running;
    };
    let { storage, ...running } = await begin();
    await storage.put('/first', 'first');
    assert.match(running.said.stderr, /not fault tolerant/);
    process.kill(running.pid, 'SIGINT');
    assert.equal((await running.ended).code, 0);

    ({ storage, ...running } = await begin());
    assert.equal((await storage.get('/first')).toString(), 'first');
    const acknowledged = await putUntilKilled(storage, running.pid);
    await running.ended;

    ({ storage, ...running } = await begin());
    for (const path of acknowledged) assert.equal((await storage.get(path)).toString(), path);
    await storage.put('/last', 'last');
    process.kill(running.pid, 'SIGTERM');
    assert.equal((await running.ended).code, 0);
  } finally {
    for (const pid of pids) end(pid);
    await rm(folder, { recursive: true, force: true });
  }
});

/** Many at a time; the kill comes when some are done and others under way. */
async function putUntilKilled(storage: Storage, pid: number): Promise<string[]> {
  const acknowledged: string[] = [];
  let isKilled = false;
  const client = async (name: number) => {
    for (let i = 0; !isKilled; i++) {
      const path = `/many/${name}/${i}`;
      try {
        await storage.put(path, path);
      } catch (error) {
        if (!isKilled) throw error;
        return;
      }
      acknowledged.push(path);
      if (acknowledged.length < putsMin || isKilled) continue;
      isKilled = true;
      process.kill(pid, 'SIGKILL');
    }
  };
  await Promise.all(Array.from({ length: 8 }, (_, name) => client(name)));
  assert.ok(acknowledged.length >= putsMin);
  return acknowledged;
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {}
}

/** The demo in its shortest form; and that nothing of it is left, however it ends. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { projectFolder } from '#app/local/project.ts';
import { type Ended, runProgram } from '../support/run-program.ts';
import { until } from '../support/until.ts';

const script = path.join(projectFolder, 'demo.sh');

const dataOf = (said: string): string => /its data is in (\S+)$/m.exec(said)?.[1] ?? '';

/** Processes that run in a folder of the cluster's, deleted or not. */
function livingIn(data: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readlinkSync(`/proc/${pid}/cwd`).startsWith(data);
    } catch {
      return false;
    }
  });
}

function assertGone({ stderr }: Ended): void {
  const data = dataOf(stderr);
  assert.ok(data !== '', stderr);
  assert.deepEqual(livingIn(data), []);
  assert.ok(!existsSync(data) && !existsSync(path.dirname(data)), `${data} is left`);
}

test('a short demo keeps every promise, and leaves nothing', async () => {
  const ended = await runProgram(script, ['--seconds', '15', '--seed', '7', '--plain']).ended;
  const { code, stdout, stderr } = ended;
  assert.equal(code, 0, stdout + stderr);
  assert.match(stdout, /✗ node-\d \(PID \d+\) killed \(SIGKILL\)/);
  assert.match(stdout, /requests\/s, p50 .* alive, margin/);
  assert.match(stdout, /✔ every file is whole/);
  assert.match(stdout, /Every promise was kept\./);
  assertGone(ended);
});

test('an interrupted demo leaves nothing', async () => {
  const { pid, ended, said } = runProgram(script, ['--plain']);
  await until('the first kill', async () => said.stdout.includes('killed') || undefined);
  process.kill(pid, 'SIGINT');
  const { code, stderr } = await ended;
  assert.equal(code, 1);
  assert.match(stderr, /interrupted by SIGINT/);
  assertGone(await ended);
});

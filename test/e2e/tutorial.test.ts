/** Every line of docs/tutorial.md, in its order, in one shell, against a cluster of its own. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { freePorts } from '#app/local/ports.ts';
import { projectFolder } from '#app/local/project.ts';
import { stopCluster } from '#app/local/stopper.ts';
import { runProgram } from '../support/run-program.ts';

/** The lines, with this test's place and port instead of the usual ones. */
async function linesOf(folder: string, port: number): Promise<string> {
  const page = await readFile(path.join(projectFolder, 'docs/tutorial.md'), 'utf8');
  const blocks = [...page.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block]) => block);
  assert.ok(blocks.length > 8);
  const data = path.join(folder, 'data');
  return blocks
    .join('\n')
    .replaceAll('./start.sh', `./start.sh --data ${data} --port ${port}`)
    .replaceAll('./stop.sh', `./stop.sh --data ${data}`)
    .replaceAll('/tmp/dftfs-tutorial', path.join(folder, 'files'))
    .replaceAll('127.0.0.1:8080', `127.0.0.1:${port}`);
}

async function place(context: TestContext): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'dftfs-tutorial-'));
  context.after(async () => {
    await stopCluster({ data: path.join(folder, 'data'), wipe: true }, { say: () => {} });
    await rm(folder, { recursive: true, force: true });
  });
  return folder;
}

test('the tutorial does what it says', async (context) => {
  const folder = await place(context);
  const [port = 0] = await freePorts('127.0.0.1', 1);
  const script = `cd "$0" && set -ex -o pipefail\n${await linesOf(folder, port)}`;
  const environment = { HOME: folder, DFTFS_ENDPOINT: `http://127.0.0.1:${port}` };
  const ran = await runProgram('bash', ['-c', script, projectFolder], environment).ended;
  const told = `${ran.stdout}\n${ran.stderr}`;
  assert.equal(ran.code, 0, told);
  for (const said of [/^remember the milk$/m, /^exit code 3$/m, /^from a program true$/m]) {
    assert.match(ran.stdout, said, told);
  }
  // Of the photo, before and after two processes were killed.
  assert.equal(ran.stdout.match(/^1$/gm)?.length, 2, told);
});

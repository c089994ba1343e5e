/** The units of deploy/systemd: systemd takes them, and what they name is what `prepare` makes. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { machineSide } from '#app/machine-side.ts';
import { prepareMachines } from '#app/machines/prepare.ts';
import { parseLine } from '#cli/line/parse-line.ts';
import { verbs } from '#cli/verbs.ts';
import { runProgram } from '../support/run-program.ts';
import { projectFolder } from '../tidy/sources.ts';

const folder = path.join(projectFolder, 'deploy/systemd');
const home = '/var/lib/dftfs';
const analyzer = '/usr/bin/systemd-analyze';

async function temporary(context: TestContext): Promise<string> {
  const made = await mkdtemp(path.join(os.tmpdir(), 'dftfs-units-'));
  context.after(() => rm(made, { recursive: true }));
  return made;
}

async function units(): Promise<Map<string, string>> {
  const names = await readdir(folder);
  const read = (name: string) => readFile(path.join(folder, name), 'utf8');
  const texts = names.map(async (name) => (await read(name)).replaceAll(/^#.*\n/gm, ''));
  const all = new Map((await Promise.all(texts)).map((text, nth) => [names[nth] as string, text]));
  assert.deepEqual([...all.keys()].sort(), ['dftfs-etcd.service', 'dftfs-node@.service']);
  return all;
}

test('systemd understands every line of the units, and finds them well locked in', async (context) => {
  if (!existsSync(analyzer)) return context.skip('there is no systemd-analyze here');
  const here = await temporary(context);
  for (const [name, text] of await units()) {
    const file = path.join(here, name.replace('@', '@alpha-1'));
    // It looks whether the program is there; here it needn't be.
    await writeFile(file, text.replace('/usr/bin/etcd', '/bin/true'));
    const verified = await runProgram(analyzer, ['verify', '--man=no', file]).ended;
    assert.deepEqual([verified.code, verified.stderr], [0, ''], name);
    const words = ['security', '--offline=true', '--threshold=20', file];
    const judged = await runProgram(analyzer, words).ended;
    assert.equal(judged.code, 0, `${name}: ${judged.stdout}`);
  }
});

test('the units start what is there after prepare, again and again', async (context) => {
  const cluster = path.join(await temporary(context), 'cluster');
  await prepareMachines({
    folder: cluster,
    machines: ['alpha=10.0.0.1'],
    nodes: undefined,
    renew: false,
    newEra: false,
  });
  const machine = path.join(cluster, 'machines/alpha');
  const here = (text: string) => text.replace('%i', 'alpha-1').replace(home, machine);
  const all = await units();
  for (const [name, text] of all) {
    const named = text.match(new RegExp(`(?<==|\\s)${home}/\\S+`, 'g')) ?? [];
    assert.equal(named.length, 1, name);
    for (const one of named) assert.ok(existsSync(here(one)), `${name}: ${one}`);
    assert.match(text, /^Restart=always$/m);
    // What failed often is started again all the same.
    assert.match(text, /^StartLimitIntervalSec=0$/m);
    assert.match(text, /^User=dftfs$/m);
    assert.match(text, new RegExp(`^WorkingDirectory=${home}$`, 'm'));
  }
  const [, line = ''] =
    /^ExecStart=\/usr\/bin\/env dftfs (.*)$/m.exec(all.get('dftfs-node@.service') ?? '') ?? [];
  const parsed = parseLine(here(line).split(' '), verbs);
  assert.ok(parsed.kind === 'run' && parsed.verb.name === 'node');
  const config = parsed.options.text('config') ?? '';
  assert.deepEqual(await machineSide.checkNode(config), { id: 'alpha-1' });
});

import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { objectsOf, runIn } from '../../../test/support/cli-terminal.ts';
import type { MachineSide, PrepareOptions } from '../terminal.ts';

const made = {
  ...{ name: 'a', folder: '/c/machines/a', nodes: ['a-1', 'a-2'], etcd: true },
  ...{ endpoints: ['https://10.0.0.1:8080'], written: 7 },
};

function side() {
  const asked: PrepareOptions[] = [];
  const became: string[] = [];
  const kept: string[][] = [];
  const machine: MachineSide = {
    prepare: async (options) => {
      asked.push(options);
      return { ca: '/c/tls/ca.crt', adminToken: '/c/admin-token', machines: [made] };
    },
    names: {
      backUp: async (folder, file) => void kept.push(['backup', folder, file]),
      restore: async (folder, file) => {
        kept.push(['restore', folder, file]);
        return { entries: 7, takenMs: 0 };
      },
      release: async (folder) => kept.push(['release', folder]) > 1,
    },
    checkNode: async (config) => {
      if (config.endsWith('bad.json')) throw new Error(`${config}: node.rpcPort is missing`);
      return { id: 'a-1' };
    },
    becomeNode: async (config) => {
      became.push(config);
      return undefined as never;
    },
  };
  return {
    asked,
    became,
    kept,
    machine,
    run: (words: readonly string[]) => runIn(words, { machine }),
  };
}

test('prepare tells what runs where, what to copy, and where the keys are', async () => {
  const { asked, run } = side();
  const words = ['prepare', 'c', '--machine', 'a=10.0.0.1', '--machine', 'b=10.0.0.2'];
  const ran = await run([...words, '--nodes', '3', '--renew']);
  assert.deepEqual(
    [ran.exit, ran.stdout],
    [0, 'a: etcd, a-1, a-2; 7 files new in /c/machines/a\n'],
  );
  assert.match(ran.stderr, /\/c\/tls\/ca\.crt.*\/c\/admin-token/);
  const machines = ['a=10.0.0.1', 'b=10.0.0.2'];
  assert.deepEqual(asked, [
    { folder: resolve('c'), machines, nodes: 3, renew: true, newEra: false },
  ]);
  assert.deepEqual(objectsOf((await run(['prepare', 'c', '--json'])).stdout), [made]);
  assert.equal(asked[1]?.nodes, undefined);
  await run(['prepare', 'c', '--new-era']);
  assert.equal(asked[2]?.newEra, true);
  assert.equal((await run(['prepare', 'c', '--nodes', '0'])).exit, 2);
});

test('names are kept in a file, brought back from it, and released', async () => {
  const { kept, run } = side();
  const made = await run(['names', 'backup', 'c', 'f']);
  assert.deepEqual([made.exit, made.stderr], [0, `the names are in ${resolve('f')}\n`]);
  const back = await run(['names', 'restore', 'c', 'f']);
  assert.match(back.stderr, /are those of 1970-01-01T.*names release/s);
  const [said] = objectsOf((await run(['names', 'release', 'c', '--json'])).stdout);
  assert.deepEqual(said, { released: true });
  const [folder, file] = [resolve('c'), resolve('f')];
  assert.deepEqual(kept, [
    ['backup', folder, file],
    ['restore', folder, file],
    ['release', folder],
  ]);
  assert.equal((await run(['names', 'backup', 'c'])).exit, 2);
  assert.equal((await runIn(['names', 'restore', 'c', 'f'])).exit, 2);
});

test('what asks no cluster minds no settings of one', async () => {
  const { machine } = side();
  const environment = { DFTFS_TOKEN_FILE: '/none', DFTFS_CA: '/none', DFTFS_ENDPOINT: 'no url' };
  const lines = ['help', 'prepare c', 'names backup c f', 'names restore c f', 'names release c'];
  for (const line of [...lines, 'node --check --config n/config.json']) {
    const { exit, stderr } = await runIn(line.split(' '), { machine, environment });
    assert.equal(exit, 0, `${line}: ${stderr}`);
  }
  assert.equal((await runIn(['ls'], { machine, environment })).exit, 2);
});

test('node becomes what its settings say, or only looks at them', async () => {
  const { became, run } = side();
  await run(['node', '--config', 'n/config.json']);
  assert.deepEqual(became, [resolve('n/config.json')]);
  const fine = await run(['node', '--check', '--config', 'n/config.json']);
  assert.deepEqual(
    [fine.exit, fine.stderr],
    [0, `${resolve('n/config.json')} is fine: node a-1\n`],
  );
  const bad = await run(['node', '--check', '--config', 'bad.json']);
  assert.equal(bad.exit, 2);
  assert.match(bad.stderr, /node\.rpcPort is missing/);
  assert.equal((await run(['node'])).exit, 2);
  assert.equal(became.length, 1);
  assert.equal((await runIn(['node', '--config', 'x'])).exit, 2);
});

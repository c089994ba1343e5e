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
  const machine: MachineSide = {
    prepare: async (options) => {
      asked.push(options);
      return { ca: '/c/tls/ca.crt', adminToken: '/c/admin-token', machines: [made] };
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
  return { asked, became, run: (words: readonly string[]) => runIn(words, { machine }) };
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
  assert.deepEqual(asked, [{ folder: resolve('c'), machines, nodes: 3, renew: true }]);
  assert.deepEqual(objectsOf((await run(['prepare', 'c', '--json'])).stdout), [made]);
  assert.equal(asked[1]?.nodes, undefined);
  assert.equal((await run(['prepare', 'c', '--nodes', '0'])).exit, 2);
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

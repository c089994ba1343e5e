/** What operators' verbs show, and end with, by what a cluster says of itself. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { DftfsError } from '#base/errors.ts';
import type { ClusterStatus } from '#client/index.ts';
import type { NodeAdmin } from '#gateways/rest/call.ts';
import { objectsOf, type Run, runnerAt } from '../../../test/support/cli-terminal.ts';
import { someDisk, someNode, soundStatus } from '../../../test/support/cluster-status.ts';
import { deadEndpoint } from '../../../test/support/dead-endpoint.ts';
import { nodelessAdmin, testGateway } from '../../../test/support/test-gateway.ts';
import { InterruptedError } from '../exit-codes.ts';

interface Shown {
  status: ClusterStatus;
}

/** The port of the first node is that of nobody: its own door is closed to us. */
async function started(context: TestContext, admin: NodeAdmin = nodelessAdmin) {
  const shown: Shown = { status: soundStatus() };
  const status = { notReadyReason: () => undefined, describe: () => shown.status };
  const { url } = await testGateway(context, { status, admin });
  return { shown, run: runnerAt(url) };
}

const printed = async (run: Run, ...words: string[]): Promise<string> => {
  const { exit, stdout, stderr } = await run(words);
  assert.equal(exit, 0, stderr);
  return stdout;
};

test('a sound cluster on one screen', async (context) => {
  const { run, shown } = await started(context);
  const status = await printed(run, 'cluster', 'status');
  assert.match(status, /^nodes +6 of 6 alive$/m);
  assert.match(status, /^content +10 volumes, 1\.0 GiB$/m);
  assert.match(status, /^repair +nothing to do$/m);
  assert.match(status, /^names +5 of 5 etcd members, leader http:\/\/127\.0\.0\.1:701/m);
  assert.deepEqual(objectsOf(await printed(run, 'cluster', 'status', '--json')), [
    JSON.parse(JSON.stringify(shown.status)),
  ]);
});

test('tables of nodes, volumes, repair and scrub', async (context) => {
  const { run, shown } = await started(context);
  const scrub = {
    ...{ bytes: 1024, shards: 3, damaged: 1 },
    lastRound: { bytes: 2048, shards: 3, damaged: 0, ageMs: 65_000, endedAtMs: 1 },
  };
  const slots = { bytesLeft: 4096, bytesDone: 1024, volumesWaiting: 2, shardsBeyondRepair: 0 };
  const nodes = [
    someNode('node-1', { duties: { scrub, 'repair: slots': slots } }),
    someNode('node-2', { live: false }),
    someNode('node-3', { draining: true, disk: someDisk({ full: true, damaged: 7 }) }),
  ];
  shown.status = soundStatus({ nodes, volumes: { '-1': 1, 1: 2, 2: 30 } });
  const table = (await printed(run, 'cluster', 'nodes'))
    .split('\n')
    .map((row) => row.split(/ {2,}/));
  assert.deepEqual(table[1]?.slice(0, 3), ['node-1', 'alive', '127.0.0.1:9002']);
  assert.equal(table[2]?.[1], 'dead');
  assert.deepEqual([table[3]?.[1], table[3]?.at(-1)], ['draining', 'disk full, 7 shards damaged']);
  assert.equal(objectsOf(await printed(run, 'cluster', 'nodes', '--json')).length, 3);
  const volumes = await printed(run, 'cluster', 'volumes');
  assert.match(volumes, /^unreadable now +1\n1 loss +2\n2 losses +30$/m);
  assert.match(await printed(run, 'cluster', 'repair'), /^node-1 +4\.0 KiB +1\.0 KiB +2 +0$/m);
  assert.match(
    await printed(run, 'cluster', 'scrub'),
    /^node-1 .*1\.0 KiB +1 +1:05 ago +2\.0 KiB +0$/m,
  );
});

test('repair is waited for', async (context) => {
  const { run, shown } = await started(context);
  const { protection } = shown.status;
  const rebuilding = { slots: 2, bytesLeft: 100 };
  const repair = { bytesLeft: 100, bytesPerSecond: 0, secondsLeft: null };
  shown.status = soundStatus({ protection: { ...protection, rebuilding }, repair });
  let looks = 0;
  const heard = () => {
    looks += 1;
    shown.status = soundStatus();
  };
  const { exit, stderr } = await run(['cluster', 'repair', '--wait'], { heard });
  assert.equal(exit, 0);
  assert.equal(looks, 2);
  assert.match(stderr, /2 slots, 100 B to rebuild.*time left unknown\n.*nothing to do\n$/s);
});

test('events are followed until somebody interrupts', async (context) => {
  const { run, shown } = await started(context);
  const interruption = new AbortController();
  const [first = someNode('node-1'), ...others] = shown.status.nodes;
  const reports: string[] = [];
  const changes = [
    () => {
      shown.status = soundStatus({ nodes: [{ ...first, live: false }, ...others] });
    },
    () => interruption.abort(new InterruptedError('interrupted by SIGINT')),
  ];
  const said = (text: string) => {
    reports.push(text);
    changes.shift()?.();
  };
  const { exit, stdout } = await run(['cluster', 'events', '--json'], {
    signal: interruption.signal,
    said,
  });
  assert.equal(exit, 130);
  assert.deepEqual(
    objectsOf(stdout).map(({ kind, severity }) => `${kind} ${severity}`),
    ['endpoint good', 'node bad'],
  );
  assert.equal(reports.length, 2);
});

test('drain waits until the node can be stopped; refusals are conflicts', async (context) => {
  const left = [2, 1, 0];
  const advice = async (id: string) => {
    const slots = left.shift() ?? 0;
    return { id, draining: true, slots, safeToStop: slots === 0 };
  };
  const admin: NodeAdmin = {
    describe: advice,
    drain: advice,
    undrain: async () => {
      throw new DftfsError('node_not_found', 'There is no node.');
    },
    remove: async () => {
      throw new DftfsError('removal_refused', 'It runs: stop it first.');
    },
  };
  const { run } = await started(context, admin);
  const { exit, stderr } = await run(['cluster', 'drain', '-w', 'node-1']);
  assert.equal(exit, 0);
  assert.deepEqual(stderr.trimEnd().split('\n'), [
    ...['node-1: 2 slots still to move', 'node-1: 1 slot still to move', 'node-1: can be stopped'],
  ]);
  assert.equal((await run(['cluster', 'undrain', 'node-9'])).exit, 1);
  const refused = await run(['cluster', 'remove', 'node-1']);
  assert.equal(refused.exit, 3);
  assert.match(refused.stderr, /stop it first/);
});

test('the doctor', async (context) => {
  const { run, shown } = await started(context);
  assert.match(await printed(run, 'doctor'), /^All is well among 6 nodes\.$/m);
  shown.status = soundStatus({ nodes: [someNode('node-1', { live: false })] });
  const ill = await run(['doctor']);
  assert.equal(ill.exit, 1);
  assert.match(ill.stdout, /^warning: node-1 at 127\.0\.0\.1:9002 is dead\.\n {4}Start it again/m);
  assert.match(ill.stdout, /^1 thing to see to\.$/m);
  const [finding] = objectsOf((await run(['doctor', '--json'])).stdout);
  assert.equal(finding?.severity, 'warning');
  const dead = await run(['doctor'], { endpoints: [await deadEndpoint()] });
  assert.equal(dead.exit, 4);
  assert.match(dead.stdout, /^critical: .* does not answer/m);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DftfsError } from '#base/errors.ts';
import { nodeId, type OperationId } from '#base/ids.ts';
import { createNodeTimers } from '#io/node/timers.ts';
import { MemoryKv } from '#kv/memory/memory-kv.ts';
import { MetricRegister } from '#observe/metric-register.ts';
import { currentScope, inScope } from '#observe/request-scope.ts';
import { countedIn } from '../../../test/support/counted.ts';
import { SleepClock } from '../../../test/support/names-fixture.ts';
import type { WriteRequest } from '../committer.ts';
import { DirectCommitter } from '../direct-committer.ts';
import { Bundler } from './bundler.ts';
import { Combiner } from './combiner.ts';
import { CombiningCommitter, combiningDefaults } from './combining-committer.ts';
import { NamesMetrics } from './names-metrics.ts';

const self = nodeId('n1');
const inTime = { timeoutMs: 4000 };

const writing = (key: string): WriteRequest => ({
  operation: `operation-${key}` as OperationId,
  marker: 'always',
  txn: { compare: [], then: [{ kind: 'put', key, value: Buffer.from('x') }], else: [] },
});

/** One node that combines for itself, or has nobody to combine for it. */
function rig({ isAlone = false, fails = false } = {}) {
  const clock = new SleepClock();
  const timers = createNodeTimers();
  const kv = new MemoryKv({ clock, timers });
  const register = new MetricRegister();
  const metrics = new NamesMetrics(register);
  const refuse = async () => {
    throw new DftfsError('names_unavailable', 'for the test');
  };
  const combined = fails ? { txn: refuse } : kv;
  const combiner = new Combiner({ kv: combined, clock, timers, metrics });
  const map = {
    live: () => (isAlone ? [] : [self]),
    sessionOf: () => 1,
    onChange: () => () => {},
    suspect: () => {},
  };
  const direct = new DirectCommitter({ kv, clock, timers: clock });
  const rpc = { call: () => assert.fail('there is no other node') };
  const deps = { direct, combiner, rpc, map, clock, metrics };
  return { committer: new CombiningCommitter(deps, { ...combiningDefaults, self }), register };
}

test('operations are counted by the way they go, and by how many go together', async () => {
  const { committer, register } = rig();
  await Promise.all(['a', 'b', 'c'].map((key) => committer.write(writing(key), inTime)));
  await committer.read([{ kind: 'range', start: 'a' }], inTime);
  const counted = await countedIn(register);
  assert.equal(counted['dftfs_names_operations_total write combined'], 3);
  assert.equal(counted['dftfs_names_operations_total read combined'], 1);
  assert.equal(counted['dftfs_names_operation_duration_seconds_count write'], 3);
  assert.equal(counted['dftfs_names_batch_operations_count write'], 1);
  assert.equal(counted['dftfs_names_batch_operations_sum write'], 3);
  assert.equal(counted['dftfs_names_batch_duration_seconds_count read'], 1);
});

test('what goes directly counts so, and as a fallback where the combiner failed it', async () => {
  const alone = rig({ isAlone: true });
  await alone.committer.write(writing('a'), inTime);
  const failed = rig({ fails: true });
  await failed.committer.write(writing('a'), inTime);
  const [direct, fallback] = [await countedIn(alone.register), await countedIn(failed.register)];
  assert.equal(direct['dftfs_names_operations_total write direct'], 1);
  assert.equal(fallback['dftfs_names_operations_total write fallback'], 1);
});

test('a message to the combiner is sent for all requests that it carries operations of', async () => {
  const sentFor: (string | undefined)[] = [];
  const bundler = new Bundler<string, string>(async (operations) => {
    sentFor.push(currentScope()?.request);
    return operations;
  });
  const submit = (request: string, operation: string) =>
    inScope({ request, span: undefined }, () => bundler.submit(operation, 1, undefined));
  const submitted = [submit('a-1', 'x'), submit('b-2', 'y'), submit('a-1', 'z')];
  assert.deepEqual(await Promise.all(submitted), ['x', 'y', 'z']);
  await bundler.submit('of nobody', 1, undefined);
  assert.deepEqual(sentFor, ['a-1,b-2', undefined]);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { pack, unpack } from 'msgpackr';
import { DftfsError } from '#base/errors.ts';
import { type NodeId, nodeId, type OperationId } from '#base/ids.ts';
import { createNodeTimers } from '#io/node/timers.ts';
import type { Compare, Kv, KvOp, RangeOp } from '#kv/kv.ts';
import { MemoryKv } from '#kv/memory/memory-kv.ts';
import type { RpcHandlers, RpcMessage, RpcRequest } from '#rpc/rpc.ts';
import { type Fate, InterruptedKv } from '../../../test/support/interrupted-kv.ts';
import { SleepClock } from '../../../test/support/names-fixture.ts';
import type { WriteRequest, WriteResult } from '../committer.ts';
import { DirectCommitter } from '../direct-committer.ts';
import { Combiner } from './combiner.ts';
import { CombiningCommitter, combiningDefaults } from './combining-committer.ts';
import { namesHandlers } from './names-handlers.ts';

const inTime = { timeoutMs: 4000 };
const self = nodeId('n3');
const nodes = ['n1', 'n2', 'n3'].map(nodeId);

/** What befalls a message to another node. 'stopped': handled when the test wakes the node. */
type MessageFate = 'pass' | 'refused' | 'overloaded' | 'lose reply' | 'stopped';

interface Setup {
  readonly message?: (peer: NodeId) => MessageFate;
  /** Of transactions of all combiners; of this node's direct ones. */
  readonly combined?: () => Fate;
  readonly direct?: () => Fate;
}

const timers = createNodeTimers();

/** Three nodes over one kv, seen from the third. */
function setUp({ message = () => 'pass', combined, direct }: Setup = {}) {
  const time = new SleepClock();
  const kv = new MemoryKv({ clock: time, timers });
  const between = (fate: (() => Fate) | undefined) =>
    new InterruptedKv(kv, fate === undefined ? {} : { fate });
  const combinedKv = between(combined);
  const directKv = between(direct);
  const combiner = () => new Combiner({ kv: combinedKv.kv, clock: time, timers });
  const own = combiner();
  const handlers = new Map(nodes.map((id) => [id, namesHandlers(combiner())]));
  const sent: NodeId[] = [];
  const suspects: NodeId[] = [];
  const asleep: (() => Promise<unknown>)[] = [];

  async function call(peer: NodeId, request: RpcRequest): Promise<RpcMessage> {
    sent.push(peer);
    const fate = message(peer);
    if (fate === 'refused') throw new DftfsError('peer_unreachable', 'x', { outcome: 'none' });
    if (fate === 'overloaded') throw new DftfsError('overloaded', 'x');
    const handle = () => handled(handlers.get(peer), request);
    if (fate === 'stopped') asleep.push(handle);
    else {
      const reply = await handle();
      if (fate === 'pass') return reply;
    }
    throw new DftfsError('deadline_exceeded', 'No answer in time.');
  }

  const live = { nodes: nodes as readonly NodeId[], sessions: new Map<NodeId, number>() };
  const listeners = new Set<() => void>();
  const map = {
    live: () => live.nodes,
    sessionOf: (id: NodeId) => live.sessions.get(id),
    onChange: (listener: () => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    suspect: (id: NodeId) => suspects.push(id),
  };
  const directly = { times: 0, maybeSent: 0 };
  const inner = new DirectCommitter({ kv: directKv.kv, clock: time, timers: time });
  const counting: typeof inner.write = (...args) => {
    directly.times += 1;
    if (args[1].maybeSent) directly.maybeSent += 1;
    return inner.write(...args);
  };
  const committer = new CombiningCommitter(
    {
      direct: { read: (...args) => inner.read(...args), write: counting },
      combiner: own,
      rpc: { call },
      map,
      clock: time,
    },
    { ...combiningDefaults, self },
  );
  return {
    ...{ kv, time, committer, sent, suspects, directly },
    changeMap(change: Partial<typeof live>) {
      Object.assign(live, change);
      for (const listener of listeners) listener();
    },
    /** All that was on its way arrives. */
    async wake() {
      await Promise.all(asleep.splice(0).map((handle) => handle()));
      await combinedKv.arrive();
      await directKv.arrive();
    },
  };
}

async function handled(handlers: RpcHandlers | undefined, request: RpcRequest) {
  const handler = handlers?.[request.method];
  assert(handler, `no method ${request.method}`);
  const context = { peer: self, signal: new AbortController().signal };
  const reply = await handler(unpack(pack(request.head)), [], context);
  return { head: unpack(pack(reply.head)), body: [] };
}

let operations = 0;
const newOperation = () => `operation-${++operations}` as OperationId;
const absent = (start: string): Compare => ({ start, field: 'version', relation: '=', value: 0 });
const put = (key: string): KvOp => ({ kind: 'put', key, value: Buffer.from('value') });
const get = (start: string): RangeOp => ({ kind: 'range', start });
const remove = (start: string): KvOp => ({ kind: 'delete', start });
const apply = (kv: Kv, ...then: KvOp[]) => kv.txn({ compare: [], then, else: [] }, inTime);
const has = async (kv: Kv, key: string) => (await kv.get(key, inTime)) !== undefined;
const succeeded = (result: WriteResult) => result.earlier || result.succeeded;

function creating(key: string, marker: WriteRequest['marker'] = 'always'): WriteRequest {
  return {
    operation: newOperation(),
    marker,
    txn: { compare: [absent(key)], then: [put(key), put(`trace-of-${key}`)], else: [get(key)] },
    ...(marker === 'direct' ? { traces: [absent(`trace-of-${key}`)] } : {}),
  };
}

test('many operations of a node travel in few messages and get their own results', async () => {
  const { committer, sent, directly, kv } = setUp();
  await apply(kv, put('f//7'));
  const keys = Array.from({ length: 20 }, (_, i) => `f//${i}`);
  const results = await Promise.all(keys.map((key) => committer.write(creating(key), inTime)));
  results.forEach((result, i) => {
    assert(!result.earlier);
    assert.equal(result.succeeded, i !== 7);
    const found = result.results[0];
    if (i !== 7) assert.deepEqual(result.results, [{ kind: 'put' }, { kind: 'put' }]);
    else assert(found?.kind === 'range' && found.entries[0]?.value.toString() === 'value');
  });
  assert.deepEqual(sent, ['n1']);
  assert.equal(directly.times, 0);
  const [page] = await committer.read(
    [{ kind: 'range', start: 'f//1', end: 'f//12', limit: 2, keysOnly: true }],
    inTime,
  );
  assert.deepEqual(
    page?.entries.map(({ key, value, version }) => [key, value.length, version]),
    [
      ['f//1', 0, 1],
      ['f//10', 0, 1],
    ],
  );
  assert.equal(page?.more, true);
  assert.deepEqual(sent, ['n1', 'n1']);
});

test('the node that has been here longest combines; a newcomer changes nothing', async () => {
  const { committer, changeMap, sent } = setUp();
  changeMap({ sessions: new Map([...nodes.entries()].map(([i, id]) => [id, 30 - i])) });
  assert.equal(committer.combinerNode, self);
  await committer.write(creating('f//1'), inTime);
  assert.deepEqual(sent, []);
  const more = nodeId('n0');
  changeMap({ nodes: [more, ...nodes] });
  assert.equal(committer.combinerNode, self);
  changeMap({ nodes: [more, 'n1', 'n2'].map(nodeId) });
  assert.equal(committer.combinerNode, 'n2');
  changeMap({ nodes: [] });
  assert.equal(committer.combinerNode, undefined);
  assert(succeeded(await committer.write(creating('f//2'), inTime)));
});

test('what could fail a shared transaction, or is too large for it, goes directly', async () => {
  const { committer, sent, kv } = setUp();
  const { revision } = await apply(kv, put('f//1'));
  await committer.read([{ ...get('f//1'), revision }], inTime);
  await committer.read([{ kind: 'range', start: 'f/', end: 'f0', limit: 1000 }], inTime);
  const lease = await kv.grantLease(1000, inTime);
  const txns: KvOp[][] = [
    [{ kind: 'put', key: 'l/n9', value: Buffer.alloc(0), lease }],
    [{ kind: 'put', key: 'large', value: Buffer.alloc(100_000) }],
    Array.from({ length: 100 }, (_, i) => put(`many-${i}`)),
  ];
  for (const then of txns) {
    const txn = { compare: [], then, else: [] };
    await committer.write({ operation: newOperation(), marker: 'always', txn }, inTime);
  }
  await committer.write(creating('f//hurry'), { timeoutMs: 100 });
  assert.deepEqual(sent, []);
});

test('a dead combiner is suspected, a full one is not; either way the write is done', async () => {
  for (const fate of ['refused', 'overloaded'] as const) {
    const { committer, suspects, directly } = setUp({ message: () => fate });
    assert(succeeded(await committer.write(creating('f//1'), inTime)));
    assert.equal(directly.times, 1);
    assert.deepEqual(suspects, fate === 'refused' ? ['n1'] : []);
    assert.equal(committer.combinerNode, fate === 'refused' ? 'n2' : 'n1');
  }
});

test('a slow combiner is passed over for a while, each time longer, and not suspected', async () => {
  let fate: MessageFate = 'stopped';
  const { committer, suspects, time, sent } = setUp({
    message: (peer) => (peer === 'n1' ? fate : 'pass'),
  });
  const until = (ms: number) => time.sleep(ms - time.now());
  const toldTo = async (key: string) => {
    await committer.write(creating(key), inTime);
    return sent.splice(0);
  };
  assert.deepEqual(await toldTo('f//1'), ['n1']);
  assert.deepEqual(await toldTo('f//2'), ['n2']);
  await until(1000);
  assert.deepEqual(await toldTo('f//3'), ['n1']);
  await until(2999);
  assert.deepEqual(await toldTo('f//4'), ['n2']);
  await until(3000);
  fate = 'pass';
  assert.deepEqual(await toldTo('f//5'), ['n1']);
  assert.deepEqual(await toldTo('f//6'), ['n1']);
  assert.deepEqual(suspects, []);
});

test('when a message fails, those that wait behind it are not taken for sent', async () => {
  const { committer, directly } = setUp({ message: () => 'stopped' });
  const all = Array.from({ length: 2000 }, (_, i) => committer.write(creating(`f//${i}`), inTime));
  const results = await Promise.all(all);
  assert(results.every(succeeded));
  assert.equal(directly.times, 2000);
  const { inFlightMax, operationsMax } = combiningDefaults.bundles;
  assert.equal(directly.maybeSent, inFlightMax * operationsMax);
});

for (const marker of ['always', 'direct'] as const) {
  test(`a combiner that wakes too late does nothing (marker: ${marker})`, async () => {
    const { committer, kv, wake, directly } = setUp({ message: () => 'stopped' });
    assert(succeeded(await committer.write(creating('f//1', marker), inTime)));
    assert.equal(directly.times, 1);
    await apply(kv, remove('f//1'), remove('trace-of-f//1'));
    await wake();
    assert.equal(await has(kv, 'f//1'), false);
  });

  test(`what was refused while a try was under way stays refused (marker: ${marker})`, async () => {
    const { committer, kv, wake } = setUp({ message: () => 'stopped' });
    await apply(kv, put('f//1'));
    const result = await committer.write(creating('f//1', marker), inTime);
    assert.equal(succeeded(result), false);
    await apply(kv, remove('f//1'));
    await wake();
    assert.equal(await has(kv, 'f//1'), false);
  });

  test(`done, answer lost, undone: success, and not repeated (marker: ${marker})`, async () => {
    const { committer, kv } = setUp({ message: () => 'lose reply' });
    const undoing = undo(kv, 'f//1');
    const result = await committer.write(creating('f//1', marker), inTime);
    assert.deepEqual(result, { earlier: true });
    await undoing;
    assert.equal(await has(kv, 'f//1'), false);
  });
}

/** Removes the key as soon as it is there; what the operation's traces tell of stays. */
function undo(kv: Kv, key: string): Promise<void> {
  return new Promise((resolve) => {
    const watch = kv.watch({ start: key }, 1, {
      onEvents: () => {
        watch.close();
        void apply(kv, remove(key)).then(() => resolve());
      },
      onEnd: () => {},
    });
  });
}

test('one that is canceled before it was sent is not done', async () => {
  const { committer, kv } = setUp({ message: () => 'refused' });
  const signal = AbortSignal.abort();
  await assert.rejects(committer.write(creating('f//1'), { ...inTime, signal }), {
    code: 'canceled',
    outcome: 'none',
  });
  assert.equal(await has(kv, 'f//1'), false);
});

// Whatever is lost, late or refused on the way: each write happens as often as was reported.
const messageFates: MessageFate[] = ['pass', 'refused', 'overloaded', 'lose reply', 'stopped'];
const kvFates: Fate[] = ['pass', 'lose', 'lose reply', 'late', 'refuse'];
const drawn = <T>(fates: T[]) => fc.infiniteStream(fc.constantFrom(...fates));

test('at most once, and as reported, whatever is lost on the way', async () => {
  await fc.assert(
    fc.asyncProperty(
      ...([drawn(messageFates), drawn(kvFates), drawn(kvFates)] as const),
      fc.array(fc.boolean(), { minLength: 1, maxLength: 6 }),
      async (messages, combined, direct, steps) => {
        const next = <T>(stream: Iterator<T>) => stream.next().value as T;
        const nodesUp = setUp({
          message: () => next(messages),
          combined: () => next(combined),
          direct: () => next(direct),
        });
        const { committer, kv, time, wake } = nodesUp;
        const counted: { key: string; done: boolean | undefined }[] = [];
        for (const [i, wakes] of steps.entries()) {
          const key = `count-${i}`;
          const txn = { compare: [absent('barred')], then: [put(key)], else: [get('barred')] };
          const request = { operation: newOperation(), marker: 'always', txn } as const;
          const done = await committer.write(request, inTime).then(succeeded, () => undefined);
          counted.push({ key, done });
          await apply(kv, wakes ? put('barred') : remove('barred'));
          if (wakes) await wake();
          await time.sleep(700);
        }
        await apply(kv, remove('barred'));
        await wake();
        for (const { key, done } of counted) {
          const times = (await kv.get(key, inTime))?.version ?? 0;
          if (done === undefined) assert(times <= 1, `${key} happened ${times} times`);
          else assert.equal(times, done ? 1 : 0, key);
        }
      },
    ),
    { numRuns: 250 },
  );
});

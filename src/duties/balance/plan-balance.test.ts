import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { nodeId, type VolumeId } from '#base/ids.ts';
import type { KnownVolume } from '#cluster/cluster-map.ts';
import type { Code } from '#protocol/volumes.ts';
import { volumeOf } from '../../../test/support/known-facts.ts';
import type { BalanceNode, BalanceView } from './balance-view.ts';
import { planDroppedCopies } from './dropped-copies.ts';
import { planMoves } from './plan-balance.ts';

const options = { movesMax: 4, movesToNodeMax: 2, tolerance: 1.25 };
const many = { movesMax: 1000, movesToNodeMax: 1000, tolerance: 1.25 };
const GiB = 1024 ** 3;

const node = (name: string, change: Partial<BalanceNode> = {}): BalanceNode => ({
  ...{ id: nodeId(name), zone: 'z', capacity: 1e12, freeBytes: 1e12 },
  ...{ draining: false, unfit: false, ...change },
});
const nodes = (names: string, change: Partial<BalanceNode> = {}) =>
  [...names].map((name) => node(name, change));

const copies = { k: 1, m: 2 };
const coded = { k: 2, m: 2 };
let count = 0;
const volume = (code: Code, members: string, change = {}) =>
  volumeOf((++count).toString(16).padStart(16, '0') as VolumeId, code, [...members], change);
const times = (number: number, make: () => KnownVolume) => Array.from({ length: number }, make);

const view = (
  living: readonly BalanceNode[],
  volumes: readonly KnownVolume[],
  shardBytes: BalanceView['shardBytes'] = () => 0,
): BalanceView => ({ nodes: living, volumes, shardBytes });

const show = (plan: ReturnType<typeof planMoves>) =>
  plan.map(({ from, to, why }) => `${why} ${from}${to}`);

/** The plan is done, and the next made, until there is none. */
function settle(state: BalanceView, limit = 500): { volumes: KnownVolume[]; moves: number } {
  let volumes = [...state.volumes];
  for (let moves = 0; moves < limit; ) {
    const plan = planMoves({ ...state, volumes }, options);
    if (plan.length === 0) return { volumes, moves };
    moves += plan.length;
    volumes = volumes.map((known) => {
      const move = plan.find((one) => one.volume === known);
      if (move === undefined) return known;
      const members = known.record.members.with(move.slot, move.to);
      return { ...known, record: { ...known.record, members } };
    });
  }
  assert.fail('it never ends');
}

const slotsOf = (volumes: readonly KnownVolume[], name: string): number =>
  volumes.filter(({ record }) => record.members.includes(nodeId(name))).length;

test('what is alike stays as it is', () => {
  const volumes = [volume(copies, 'abc'), volume(copies, 'def'), volume(coded, 'abde')];
  assert.deepEqual(planMoves(view(nodes('abcdef'), volumes), many), []);
});

test('a new node takes its share, a few slots at a time', () => {
  const volumes = [
    ...times(10, () => volume(copies, 'abc')),
    ...times(10, () => volume(copies, 'bcd')),
  ];
  const state = view(nodes('abcdef'), volumes);
  assert.equal(planMoves(state, options).length, 4);
  const settled = settle(state);
  for (const name of 'abcdef') {
    const slots = slotsOf(settled.volumes, name);
    assert.ok(slots >= 8 && slots <= 12, `${name} has ${slots}`);
  }
});

test('bytes count, not slots alone; capacity divides them', () => {
  const heavy = times(4, () => volume(copies, 'abc'));
  const light = times(4, () => volume(copies, 'def'));
  const shardBytes = (known: KnownVolume) => (heavy.includes(known) ? 4 * GiB : 0);
  const [first] = planMoves(view(nodes('abcdef'), [...heavy, ...light], shardBytes), many);
  assert.ok(first && heavy.includes(first.volume), show([first as never]).join());
  const large = [...nodes('abc', { capacity: 100e12 }), ...nodes('def', { capacity: 1e12 })];
  const few = times(2, () => volume(copies, 'def'));
  const plan = planMoves(view(large, [...heavy, ...few], shardBytes), many);
  assert.ok(
    plan.every(({ to }) => 'abc'.includes(to)),
    show(plan).join(),
  );
});

test('who is to be emptied goes first and gets nothing', () => {
  const living = [node('a', { draining: true }), ...nodes('bcdef')];
  const volumes = [volume(copies, 'bcd'), volume(copies, 'abc'), volume(coded, 'aefb')];
  const plan = planMoves(view(living, volumes), options);
  assert.deepEqual(
    plan.slice(0, 2).map(({ volume: known, slot, why }) => [known, slot, why]),
    [
      [volumes[1], 0, 'drain'],
      [volumes[2], 0, 'drain'],
    ],
  );
  assert.ok(plan.every(({ to }) => to !== 'a'));
  const settled = settle(view(living, volumes));
  assert.equal(slotsOf(settled.volumes, 'a'), 0);
});

test('full and failing nodes get nothing, nor does one that has no room for it', () => {
  const volumes = times(6, () => volume(copies, 'abc'));
  const shardBytes = () => GiB;
  for (const change of [{ unfit: true }, { draining: true }, { freeBytes: GiB / 2 }]) {
    const state = view([...nodes('abc'), ...nodes('de', change)], volumes, shardBytes);
    assert.deepEqual(planMoves(state, many), []);
  }
  const roomy = view(
    [...nodes('abc'), ...nodes('de', { freeBytes: 1.5 * GiB })],
    volumes,
    shardBytes,
  );
  assert.equal(planMoves(roomy, many).length, 2);
});

test('only whole volumes are touched, and none that is about to go', () => {
  const damaged = [
    volume(copies, 'abc', { rebuilding: [1] }),
    volume(copies, 'abc', { incoming: [{ slot: 0, node: nodeId('d') }] }),
    volume(copies, 'abx'),
    volume(copies, 'abc', { state: 'closed' }),
  ];
  const living = [node('a', { draining: true }), ...nodes('bcdef')];
  assert.deepEqual(planMoves(view(living, damaged), many), []);
});

test('a closed volume that still holds a file is moved as others are', () => {
  const closed = [volume(copies, 'abc', { state: 'closed' })];
  const living = [node('a', { draining: true }), ...nodes('bcdef')];
  const holding = (some: typeof living) => view(some, closed, () => GiB);
  assert.deepEqual(show(planMoves(holding(living), many)), ['drain ad']);
  const few = living.slice(0, 4);
  assert.deepEqual(
    planDroppedCopies(holding(few)).map(({ from }) => from),
    ['a'],
  );
  assert.deepEqual(planDroppedCopies(view(few, closed)), []);
});

test('one node is always left out, also while a slot moves', () => {
  const living = [node('a', { draining: true }), ...nodes('bcde')];
  assert.deepEqual(planMoves(view(living, [volume(coded, 'abcd')]), many), []);
  const wider = [...living, node('f')];
  assert.equal(planMoves(view(wider, [volume(coded, 'abcd')]), many).length, 1);
});

test('what moves counts as moved, and against what may move at once', () => {
  const incoming = [{ slot: 0, node: nodeId('d') }];
  const moving = times(2, () => volume(copies, 'abc', { incoming }));
  const others = times(8, () => volume(copies, 'abc'));
  const plan = planMoves(view(nodes('abcde'), [...moving, ...others]), options);
  assert.deepEqual(
    plan.map(({ to }) => to),
    ['e', 'e'],
  );
});

test('a zone that holds too much of a volume gives some away, and none gets too much', () => {
  const living = [
    ...nodes('abc', { zone: 'x' }),
    ...nodes('de', { zone: 'y' }),
    node('f', { zone: 'w' }),
  ];
  const plan = planMoves(view(living, [volume(coded, 'abcd')]), options);
  assert.equal(plan.length, 1);
  assert.equal(plan[0]?.why, 'zone');
  assert.ok('ef'.includes(plan[0]?.to ?? ''));
  const kept = volume(coded, 'abde');
  assert.deepEqual(planMoves(view(living, [kept]), options), []);
  // Only the crowded zone has less: nothing moves there.
  const full = [...living.slice(0, 2), ...nodes('ghi', { zone: 'x' }), ...living.slice(3)];
  for (const { volume: known, slot, to } of planMoves(
    view(
      full,
      times(9, () => volume(coded, 'abde')),
    ),
    many,
  )) {
    const after = known.record.members.with(slot, to);
    const inX = after.filter((id) => 'abghi'.includes(id)).length;
    assert.ok(inX <= 2, `${after} for ${known.record.members}`);
  }
});

test('copies on too few other nodes are dropped, what is coded is left for others', () => {
  const living = [node('a', { draining: true }), ...nodes('bcd')];
  const [small, pair, wide] = [
    volume(copies, 'abc'),
    volume({ k: 1, m: 1 }, 'ab'),
    volume({ k: 2, m: 1 }, 'abc'),
  ];
  const volumes = [small, pair, wide, volume(copies, 'bcd')];
  const [dropped, ...rest] = planDroppedCopies(view(living, volumes));
  assert.equal(rest.length, 0);
  assert.equal(dropped?.volume, small);
  assert.deepEqual(dropped?.record.members, ['b', 'c']);
  assert.deepEqual([dropped?.record.code.m, dropped?.record.epoch], [1, 2]);
  assert.deepEqual(show(planMoves(view(living, [pair]), many)), ['drain ac']);
});

const names = [...'abcdefgh'];
const anyNode = (name: string) =>
  fc.record({
    capacity: fc.constantFrom(1e12, 2e12, 4e12),
    zone: fc.constantFrom('x', 'y', 'z'),
    draining: fc.boolean().map((odd) => odd && name === 'a'),
    unfit: fc.boolean().map((odd) => odd && name === 'b'),
  });
const anyVolume = (living: number) =>
  fc
    .record({
      code: fc.constantFrom({ k: 1, m: 1 }, copies, coded, { k: 4, m: 2 }),
      order: fc.shuffledSubarray(names.slice(0, living), { minLength: living }),
      bytes: fc.nat(20).map((units) => (units * GiB) / 4),
    })
    .filter(({ code }) => code.k + code.m < living);

test('whatever there is, moves come to an end and keep every promise', () => {
  const anyState = fc
    .integer({ min: 4, max: 8 })
    .chain((living) =>
      fc.tuple(
        fc.tuple(...names.slice(0, living).map(anyNode)),
        fc.array(anyVolume(living), { maxLength: 30 }),
      ),
    );
  fc.assert(
    fc.property(anyState, ([changes, shapes]) => {
      const living = changes.map((change, index) => node(names[index] ?? '', change));
      const volumes = shapes.map(({ code, order }) =>
        volume(code, order.slice(0, code.k + code.m).join('')),
      );
      const bytes = new Map(volumes.map(({ record }, i) => [record.id, shapes[i]?.bytes ?? 0]));
      const state = view(living, volumes, ({ record }) => bytes.get(record.id) ?? 0);
      const plan = planMoves(state, options);
      assert.ok(plan.length <= 4);
      for (const { volume: known, slot, from, to } of plan) {
        const { members } = known.record;
        assert.equal(members[slot], from);
        assert.ok(!members.includes(to) && members.length + 1 < living.length);
        const taker = living.find(({ id }) => id === to);
        assert.ok(taker && !taker.draining && !taker.unfit);
      }
      settle(state);
    }),
    { numRuns: 300 },
  );
});

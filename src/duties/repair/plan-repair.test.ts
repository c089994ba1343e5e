import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type NodeId, nodeId, type VolumeId } from '#base/ids.ts';
import type { VolumeRecord } from '#protocol/volumes.ts';
import { copiesWanted, planRepair, type RepairFacts } from './plan-repair.ts';

const nodes = (...names: string[]) => names.map(nodeId);
const set = (...names: string[]) => new Set(nodes(...names));

function volume(code: VolumeRecord['code'], members: string[], change: Partial<VolumeRecord> = {}) {
  const id = '00000000000000aa' as VolumeId;
  const state = 'open' as const;
  const rest = { epoch: 1, state, rebuilding: [], incoming: [], ...change };
  return { record: { id, code, members: nodes(...members), ...rest }, revision: 5 };
}

function facts(change: Partial<RepairFacts> & Pick<RepairFacts, 'volumes'>): RepairFacts {
  const live = change.live ?? set('a', 'b', 'c', 'd', 'e', 'f');
  return {
    live,
    overdue: set(),
    missing: set(),
    urgent: change.missing ?? set(),
    takers: [...live].map((id) => ({ id, zone: 'local', slots: 0, capacity: 1 })),
    zoneOf: () => 'local',
    ...change,
  };
}

const planned = (change: Parameters<typeof facts>[0]) => planRepair(facts(change))[0]?.record;
const reedSolomon = { k: 2, m: 2 };
const copies = { k: 1, m: 2 };

test('a whole volume stays as it is', () => {
  assert.equal(
    planned({ volumes: [volume({ k: 3, m: 2 }, ['a', 'b', 'c', 'd', 'e'])] }),
    undefined,
  );
});

test('one who is overdue is replaced by who has least, one who is missing only at margin 0', () => {
  const live = set('b', 'c', 'd', 'e', 'f');
  const takers = [...live].map((id) => ({ id, zone: 'z', slots: id === 'f' ? 1 : 2, capacity: 1 }));
  const volumes = [volume(reedSolomon, ['a', 'b', 'c', 'd'])];
  assert.equal(planned({ volumes, live, takers, missing: set('a') }), undefined);
  const record = planned({ volumes, live, takers, overdue: set('a') });
  assert.deepEqual(record?.members, nodes('f', 'b', 'c', 'd'));
  assert.deepEqual([record?.rebuilding, record?.epoch], [[0], 2]);
  const none = [volume({ k: 2, m: 1 }, ['a', 'b', 'c'])];
  assert.deepEqual(planned({ volumes: none, live, takers, missing: set('a') })?.rebuilding, [0]);
});

test('of two that hold as much, the larger one takes the place of a lost member', () => {
  const live = set('b', 'c', 'd', 'e', 'f');
  const volumes = [volume(reedSolomon, ['a', 'b', 'c', 'd'])];
  for (const larger of ['e', 'f']) {
    const takers = [...live].map((id) => {
      return { id, zone: 'z', slots: 3, capacity: id === larger ? 2 : 1 };
    });
    const record = planned({ volumes, live, takers, overdue: set('a') });
    assert.deepEqual(record?.members, nodes(larger, 'b', 'c', 'd'));
  }
});

test('what can’t be read now is left alone: its dead members may be all that there is', () => {
  const live = set('c', 'd', 'e', 'f');
  const volumes = [volume({ k: 2, m: 1 }, ['a', 'b', 'c'])];
  assert.equal(planned({ volumes, live, overdue: set('a', 'b') }), undefined);
});

test('one node is always left out', () => {
  const live = set('b', 'c', 'd', 'e');
  const volumes = [volume(reedSolomon, ['a', 'b', 'c', 'd'])];
  assert.equal(planned({ volumes, live, overdue: set('a') }), undefined);
});

test('copies: fewer while few live, more when nodes return', () => {
  const live = set('b', 'c', 'd');
  const overdue = set('a', 'e', 'f');
  const dropped = planned({ volumes: [volume(copies, ['a', 'b', 'c'])], live, overdue });
  assert.deepEqual([dropped?.members, dropped?.code], [nodes('b', 'c'), { k: 1, m: 1 }]);
  const onAll = planned({ volumes: [volume(copies, ['b', 'c', 'd'])], live, overdue });
  assert.equal(onAll?.members.length, 2);
  const grown = planned({ volumes: [volume({ k: 1, m: 1 }, ['b', 'c'])] });
  assert.deepEqual([grown?.code.m, grown?.rebuilding], [2, [2]]);
});

test('a zone that holds as many as may be lost gets no more, if another can', () => {
  const zones: Record<string, string> = { a: 'x', b: 'x', c: 'y', d: 'y', e: 'x', f: 'y' };
  const live = set('a', 'b', 'd', 'e', 'f');
  const takers = [...live].map((id) => ({
    id,
    zone: zones[id] ?? '',
    slots: id === 'e' ? 0 : 9,
    capacity: 1,
  }));
  const volumes = [volume(reedSolomon, ['a', 'b', 'c', 'd'])];
  const zoneOf = (id: NodeId) => zones[id];
  const record = planned({ volumes, live, takers, zoneOf, overdue: set('c') });
  assert.deepEqual(record?.members, nodes('a', 'b', 'f', 'd'));
});

test('whatever is planned keeps protection and promises', () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
  const shape = fc.record({
    k: fc.integer({ min: 1, max: 4 }),
    m: fc.integer({ min: 1, max: 2 }),
    order: fc.shuffledSubarray(names, { minLength: 7 }),
    fate: fc.array(fc.constantFrom('live', 'live', 'overdue', 'missing'), {
      minLength: 7,
      maxLength: 7,
    }),
  });
  fc.assert(
    fc.property(shape, ({ k, m, order, fate }) => {
      const members = order.slice(0, Math.min(k + m, 6));
      if (members.length < k + m) return;
      const of = (kind: string) => set(...names.filter((_, index) => fate[index] === kind));
      const [live, overdue, missing] = [of('live'), of('overdue'), of('missing')];
      const record = planned({ volumes: [volume({ k, m }, members)], live, overdue, missing });
      if (record === undefined) return;
      const { code } = record;
      assert.equal(new Set(record.members).size, code.k + code.m);
      const living = record.members.filter((id) => live.has(id));
      const whole = living.filter((id) => !record.rebuilding.includes(record.members.indexOf(id)));
      assert.ok(whole.length >= k, 'it can be read');
      if (live.size >= 3) assert.ok(living.length < live.size, 'one is left out');
      if (k === 1) assert.ok(code.m + 1 >= Math.min(m + 1, copiesWanted(live.size)));
      else assert.deepEqual(code, { k, m });
    }),
  );
});

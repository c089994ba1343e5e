import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeId } from '#base/ids.ts';
import { type Candidate, placeVolume } from './placement.ts';

/** A small repeatable generator (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const nodes = (zones: readonly string[], slots: (index: number) => number = () => 0) =>
  zones.map((zone, i): Candidate => ({ id: nodeId(`n${i}`), zone, slots: slots(i), capacity: 1 }));

test('members are different, and too few nodes give none', () => {
  const members = placeVolume({ k: 3, m: 2 }, nodes(['', '', '', '', '', '']), seeded(1));
  assert.equal(new Set(members).size, 5);
  assert.equal(placeVolume({ k: 3, m: 2 }, nodes(['', '', '', '']), seeded(1)), undefined);
});

test('volumes made one after another load all nodes alike', () => {
  for (const count of [4, 6, 9]) {
    const held = new Map<string, number>();
    for (let volume = 0; volume < 2 * count; volume++) {
      const candidates = nodes(Array(count).fill(''), (i) => held.get(`n${i}`) ?? 0);
      for (const id of placeVolume({ k: 1, m: 2 }, candidates, seeded(volume)) ?? []) {
        held.set(id, (held.get(id) ?? 0) + 1);
      }
    }
    assert.equal(held.size, count);
    assert.ok(Math.max(...held.values()) - Math.min(...held.values()) <= 1);
  }
});

test('who offers twice as much gets twice as much', () => {
  const capacities = [1e12, 1e12, 2e12, 2e12, 2e12];
  const held = new Map<string, number>();
  for (let volume = 0; volume < 40; volume++) {
    const candidates = nodes(Array(5).fill(''), (i) => held.get(`n${i}`) ?? 0).map(
      (candidate, i) => ({ ...candidate, capacity: capacities[i] ?? 0 }),
    );
    for (const id of placeVolume({ k: 1, m: 1 }, candidates, seeded(volume)) ?? []) {
      held.set(id, (held.get(id) ?? 0) + 1);
    }
  }
  assert.deepEqual([...held].sort(), [
    ...[['n0', 10] as const, ['n1', 10] as const],
    ...['n2', 'n3', 'n4'].map((id) => [id, 20] as const),
  ]);
});

test('no zone gets more than m shards where zones allow it', () => {
  for (let seed = 0; seed < 50; seed++) {
    const zones = ['a', 'a', 'a', 'b', 'b', 'c', 'c'];
    // The emptiest nodes are all in one zone.
    const candidates = nodes(zones, (i) => (i < 3 ? 0 : 10));
    const members = placeVolume({ k: 4, m: 2 }, candidates, seeded(seed)) ?? [];
    for (const zone of ['a', 'b', 'c']) {
      const inZone = members.filter((id) => zones[Number(id.slice(1))] === zone);
      assert.ok(inZone.length <= 2, `${inZone.length} in ${zone}`);
    }
  }
});

test('two zones of very different size still hold a volume', () => {
  const members = placeVolume({ k: 3, m: 2 }, nodes(['a', 'a', 'a', 'a', 'b']), seeded(3));
  assert.equal(members?.length, 5);
});

test('slots are in random order', () => {
  const firsts = new Set<string | undefined>();
  for (let seed = 0; seed < 60; seed++) {
    firsts.add(
      placeVolume(
        { k: 1, m: 2 },
        nodes(['', '', '', ''], (i) => i),
        seeded(seed),
      )?.[0],
    );
  }
  assert.deepEqual([...firsts].sort(), ['n0', 'n1', 'n2']);
});

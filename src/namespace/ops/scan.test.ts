import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type KvEntry, prefixSpan } from '#kv/kv.ts';
import { type ReadSpan, Scan } from './scan.ts';

const compare = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
const span = prefixSpan('f//d/');

/** A reader over sorted keys that counts, like an engine that walks whole spans. */
function reader(keys: readonly string[]) {
  const cost = { reads: 0, walked: 0 };
  const read: ReadSpan = async ({ start, end, limit }) => {
    assert.ok(start.isWellFormed() && end.isWellFormed() && compare(start, end) < 0);
    const within = keys.filter((key) => compare(key, start) >= 0 && compare(key, end) < 0);
    cost.reads++;
    cost.walked += within.length;
    const entries = within.slice(0, limit).map((key): KvEntry => ({ key }) as KvEntry);
    return { kind: 'range', entries, more: within.length > limit };
  };
  return { read, cost };
}

async function scanAll(scan: Scan, limit: number): Promise<string[]> {
  const found: string[] = [];
  for (let rounds = 0; rounds < 10_000; rounds++) {
    const { entries, more } = await scan.next(limit);
    assert.ok(entries.length <= limit && (entries.length > 0 || !more));
    found.push(...entries.map(({ key }) => key));
    if (!more) return found;
  }
  return assert.fail('a scan without end');
}

test('a scan gives every key of its folder once, in order, whatever the names', async () => {
  const name = fc.string({ unit: fc.constantFrom(...'ab0/~ \x7f', 'é', '\uffee', '\u{1f600}') });
  const names = fc.array(name, { maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(
      names,
      fc.integer({ min: 1, max: 9 }),
      fc.nat(),
      async (names, limit, from) => {
        const keys = [...new Set(names)].map((name) => span.start + name).sort(compare);
        const others = ['f//c/x', 'f//d', 'f//d-', 'f//d0', 'f//e/x'];
        const { read } = reader([...keys, ...others].sort(compare));
        assert.deepEqual(await scanAll(new Scan(read, span), limit), keys);
        if (keys.length === 0) return;
        const at = from % keys.length;
        const scan = new Scan(read, span);
        scan.seek(`${keys[at]}\0`);
        assert.deepEqual(await scanAll(scan, limit), keys.slice(at + 1));
      },
    ),
  );
});

test('beyond its first read a scan makes the engine walk little more than it wants', async () => {
  const shapes = {
    numbers: (i: number) => `${i}`.padStart(6, '0'),
    unpadded: (i: number) => `${i}`,
    folders: (i: number) => `user-${i % 26}/album/${i}.jpg`,
    hashes: (i: number) => Math.imul(i, 0x9e3779b1).toString(16).padStart(9, '0'),
    words: (i: number) => `${'abcdefghij'[i % 10]}lpha-${i}-${'x'.repeat(i % 50)}`,
  };
  for (const [shape, name] of Object.entries(shapes)) {
    const keys = Array.from({ length: 2000 }, (_, i) => span.start + name(i)).sort(compare);
    const { read, cost } = reader(keys);
    const scan = new Scan(read, span);
    await scan.next(50);
    cost.walked = 0;
    await scanAll(scan, 50);
    assert.ok(cost.walked < 12 * keys.length, `${shape}: walked ${cost.walked}`);
    assert.ok(cost.reads < 500, `${shape}: ${cost.reads} reads`);
  }
});

test('seeking past a subtree costs a few reads, near by and not of all the rest', async () => {
  const keys = ['alpha', 'beta', 'gamma', 'omega']
    .flatMap((folder) => Array.from({ length: 1000 }, (_, i) => `${span.start}${folder}/${i}`))
    .sort(compare);
  const { read, cost } = reader(keys);
  const scan = new Scan(read, span);
  scan.seek(`${span.start}alpha0`);
  const { entries } = await scan.next(8);
  assert.equal(entries[0]?.key, `${span.start}beta/0`);
  assert.ok(cost.walked <= 1000 && cost.reads < 12, `${cost.reads} reads, walked ${cost.walked}`);
});

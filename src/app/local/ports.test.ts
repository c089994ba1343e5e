import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { newManifest } from './manifest.ts';
import { freePorts } from './ports.ts';

test('ports that are given out are not found free again', async () => {
  const all = Array.from({ length: 12_000 }, (_, index) => 20_000 + index);
  const left = all.splice(3000, 6000);
  const [port = 0] = await freePorts('127.0.0.1', 1, all);
  assert.ok(!all.includes(port), `${port} is taken`);
  await assert.rejects(freePorts('127.0.0.1', 2, [...all, ...left]), /no 2 free ports/);
});

test('a new cluster names no port twice, though nobody listens yet', async (t) => {
  const data = await mkdtemp(join(tmpdir(), 'dftfs-ports-'));
  t.after(() => rm(data, { recursive: true }));
  const asked: (readonly number[])[] = [];
  let next = 20_000;
  const manifest = await newManifest(
    data,
    { nodes: 2, etcd: 1, port: 8080 },
    async (count, taken) => {
      asked.push(taken);
      return Array.from({ length: count }, () => next++);
    },
  );
  assert.deepEqual(asked, [[8080], [8080, 20_000, 20_001]]);
  assert.equal(manifest.nodes.length, 2);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type NodeId, nodeId } from '#base/ids.ts';
import type { NodeRecord } from './cluster-map.ts';
import { foreignProtocol } from './foreign-protocol.ts';

function neighbours(...protocols: (number | undefined)[]) {
  const nodes = protocols.map((protocol, nth) => {
    const id = nodeId(`n${nth}`);
    const plain = { id, host: 'h', port: 1, httpPort: 2, zone: 'z', capacityBytes: 1 };
    const said = protocol === undefined ? {} : { protocol, release: `${protocol}.0.0` };
    return { ...plain, draining: false, incarnation: 'i', ...said } satisfies NodeRecord;
  });
  return (live: (id: NodeId) => boolean = () => true) => ({
    nodes: () => nodes,
    sessionOf: (id: NodeId) => (live(id) ? 1 : undefined),
  });
}

test('a living node of another version keeps one out, and is named', () => {
  const map = neighbours(2, 3)();
  assert.match(foreignProtocol(map, 2) ?? '', /^n1 \(release 3\.0\.0\) .* version 3 .* version 2:/);
  assert.equal(foreignProtocol(neighbours(2, 2)(), 2), undefined);
});

test('the dead keep nobody out', () => {
  assert.equal(
    foreignProtocol(
      neighbours(2, 3)((id) => id !== 'n1'),
      2,
    ),
    undefined,
  );
});

test('who says nothing speaks the first version', () => {
  assert.equal(foreignProtocol(neighbours(undefined)(), 1), undefined);
  assert.match(foreignProtocol(neighbours(undefined)(), 2) ?? '', /release unknown/);
});

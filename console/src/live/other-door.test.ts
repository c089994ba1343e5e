import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { someNode } from '../../../test/support/cluster-status.ts';
import { firstThatAnswers, otherConsoles } from './other-door.ts';

test('the other consoles are those of the living, at the same place in them', () => {
  const here = new URL('http://127.0.0.1:9002/-/console/#/files/a') as unknown as Location;
  const nodes = [
    someNode('node-1', { httpPort: 9002 }),
    someNode('node-2', { httpPort: 9003 }),
    someNode('node-3', { httpPort: 9004, live: false }),
  ];
  const found = [...otherConsoles(nodes, here)];
  assert.deepEqual(found, [['node-2', 'http://127.0.0.1:9003/-/console/#/files/a']]);
});

test('a door that answers is found among those that are gone', async () => {
  const server = createServer((_, answer) => void answer.writeHead(503).end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const lives = `http://127.0.0.1:${(server.address() as AddressInfo).port}/-/console/`;
  const gone = 'http://127.0.0.1:1/-/console/';
  try {
    assert.equal(await firstThatAnswers([gone, lives]), lives);
    assert.equal(await firstThatAnswers([gone]), undefined);
  } finally {
    server.close();
  }
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { bearing, testAccess } from '../../../test/support/test-access.ts';
import { testGateway } from '../../../test/support/test-gateway.ts';
import { until } from '../../../test/support/until.ts';
import { ByteBudget } from './byte-budget.ts';

test('there is so much for all, and half of it for one', () => {
  const budget = new ByteBudget(100);
  budget.take(50, 'a');
  assert.throws(() => budget.take(1, 'a'), { code: 'too_many_requests' });
  assert.equal(budget.taken, 50);
  budget.take(40, 'b');
  assert.throws(() => budget.take(11), { code: 'overloaded' });
  assert.throws(() => budget.take(11, 'c'), { code: 'overloaded' });
  budget.take(10);
  budget.give(10, 'a');
  budget.take(10, 'a');
  budget.give(50, 'a');
  budget.give(40, 'b');
  budget.give(10);
  assert.equal(budget.taken, 0);
  budget.take(100);
});

const MiB = 1024 ** 2;

test('a token whose transfers take much keeps the others from nothing', async (context) => {
  const { access, holding } = await testAccess(context);
  // An upload of unknown length takes 4 MiB.
  const options = { bytesInFlightMax: 10 * MiB };
  const { url, port } = await testGateway(context, { access, options });
  const [greedy, other] = [await holding('write:/'), await holding('write:/')];
  const slow = connect(port, '127.0.0.1');
  context.after(() => slow.destroy());
  const shown = `Authorization: Bearer ${greedy}\r\nTransfer-Encoding: chunked`;
  slow.write(`PUT /slow HTTP/1.1\r\nHost: h\r\n${shown}\r\nExpect: 100-continue\r\n\r\n`);
  const [begun] = (await once(slow, 'data')) as [Buffer];
  assert.match(begun.toString(), / 100 Continue/);
  const body = Buffer.alloc(2 * MiB);
  const put = async (path: string, token: string) =>
    (await fetch(url + path, { method: 'PUT', headers: bearing(token), body })).status;
  assert.equal(await put('/a', greedy), 429);
  assert.equal(await put('/b', other), 200);
  slow.destroy();
  await until('there is room again', async () =>
    (await put('/a', greedy)) === 200 ? true : undefined,
  );
});

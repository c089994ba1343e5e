import assert from 'node:assert/strict';
import { type BadInput, check } from './case.ts';

const impatient = { options: { headersTimeoutMs: 100 } } as const;

export const abuseCases: readonly BadInput[] = [
  {
    row: 67,
    name: 'a head that never ends',
    setup: impatient,
    run: (probe) =>
      probe.talk(async (connection) => {
        connection.send('GET /a HTTP/1.1\r\nHost: h\r\n');
        check(await connection.response(), { status: 408, code: 'request_timeout', closes: true });
        await connection.ended();
      }),
  },
  {
    row: 67,
    name: 'a silent connection',
    setup: impatient,
    run: (probe) => probe.talk((connection) => connection.ended()),
  },
  {
    row: 68,
    name: 'too many connections',
    setup: { options: { connectionsMax: 4 } },
    run: async (probe) => {
      const idle = Array.from({ length: 4 }, () => probe.connect());
      try {
        for (const connection of idle) {
          connection.send(probe.get('/sentinel'));
          check(await connection.response(), { status: 200 });
        }
        const expected = { status: 503, code: 'overloaded', closes: true } as const;
        const refused = await probe.request(probe.get('/sentinel'));
        check(refused, { ...expected, header: ['retry-after', /^\d+$/] });
      } finally {
        for (const connection of idle) connection.finish();
        await Promise.all(idle.map((connection) => connection.ended()));
      }
    },
  },
  {
    row: 68,
    name: 'too many requests on one connection',
    setup: { options: { requestsPerConnectionMax: 2 } },
    run: (probe) =>
      probe.talk(async (connection) => {
        connection.send(probe.get('/sentinel'));
        check(await connection.response(), { status: 200 });
        connection.send(probe.get('/sentinel'));
        check(await connection.response(), { status: 200, closes: true });
        await connection.ended();
      }),
  },
  {
    row: 69,
    name: 'more uploads than memory allows',
    setup: { options: { bytesInFlightMax: 1_000_000 } },
    run: async (probe) => {
      const head = (target: string) =>
        probe.head('PUT', target, 'Content-Length: 900000\r\nExpect: 100-continue\r\n');
      await probe.talk(async (first) => {
        first.send(head('/a'));
        assert.equal((await first.response()).status, 100);
        await probe.talk(async (second) => {
          second.send(head('/b'));
          const expected = { status: 503, code: 'overloaded', closes: true } as const;
          check(await second.response(), { ...expected, header: ['retry-after', /^\d+$/] });
        });
        first.send('x'.repeat(900_000));
        check(await first.response(), { status: 200 });
      });
    },
    creates: ['a'],
  },
  {
    row: 70,
    name: 'pipelined requests',
    run: (probe) =>
      probe.talk(async (connection) => {
        const reads = probe.get('/a') + probe.get('/sentinel');
        connection.send(probe.put('/a', 'hello') + reads + probe.get('/nothing'));
        check(await connection.response(), { status: 200 });
        const answers = [await connection.response(), await connection.response()];
        // The read may overtake the put, for both are under way; the answers keep their order.
        assert.ok([200, 404].includes(answers[0]?.status ?? 0));
        assert.equal(answers[1]?.body.toString(), probe.sentinelBody);
        check(await connection.response(), { status: 404 });
      }),
    creates: ['a'],
  },
];

import assert from 'node:assert/strict';
import { codeOf } from '../../support/raw-http.ts';
import { type BadInput, check, type Expected, type Probe } from './case.ts';

const copyOf = (probe: Probe, from: string, to: string): string =>
  probe.post(`/copy?source_path=${probe.folder}${from}&destination_path=${probe.folder}${to}`);

const copying = (row: number, name: string, target: string, expect: Expected): BadInput => ({
  row,
  name,
  send: (probe) => probe.post(target.replaceAll('@', probe.folder)),
  expect,
});

async function race(probe: Probe): Promise<void> {
  const bodies = Array.from({ length: 16 }, (_, index) => `${index}`.padStart(1000, '.'));
  const answers = await Promise.all(bodies.map((body) => probe.request(probe.put('/a', body))));
  const winners = answers.flatMap(({ status }, index) => (status === 200 ? [bodies[index]] : []));
  const losers = answers.filter(({ status }) => status === 409);
  assert.equal(winners.length, 1);
  assert.equal(losers.length, 15);
  assert.equal((await probe.request(probe.get('/a'))).body.toString(), winners[0]);
}

async function retry(probe: Probe): Promise<void> {
  const request = probe.put('/a', 'hello', 'Idempotency-Key: k\r\n');
  const first = await probe.request(request);
  const second = await probe.request(request);
  assert.deepEqual([first.status, second.status], [200, 200]);
  assert.equal(second.headers.get('etag'), first.headers.get('etag'));
}

const big = 'b'.repeat(3_000_000);

/** While a file is being read, `disturb` it: what is read stays whole. */
async function readWhile(probe: Probe, disturb: (probe: Probe) => Promise<void>): Promise<void> {
  check(await probe.request(probe.put('/big', big)), { status: 200 });
  await probe.talk(async (connection) => {
    connection.socket.pause();
    connection.send(probe.get('/big'));
    await disturb(probe);
    connection.socket.resume();
    const response = await connection.response();
    const gone = response.status === 404;
    assert.ok(gone || response.body.toString() === big, 'the body is whole');
  });
}

async function copyWhileRemoved(probe: Probe): Promise<void> {
  await probe.request(probe.put('/a', 'hello'));
  const [copied, removed] = await Promise.all([
    probe.request(copyOf(probe, '/a', '/b')),
    probe.request(probe.head('DELETE', '/a')),
  ]);
  assert.equal(removed.status, 200);
  assert.ok([200, 404].includes(copied.status), `${copied.status}`);
  const read = await probe.request(probe.get('/b'));
  assert.equal(read.status, copied.status);
  if (read.status !== 200) return;
  assert.equal(read.body.toString(), 'hello');
  check(await probe.request(probe.head('DELETE', '/b')), { status: 200 });
}

/** Gone before the answer: the put may have happened, and its key tells. */
async function leaveAtCommit(probe: Probe): Promise<void> {
  const request = probe.put('/a', 'hello', 'Idempotency-Key: k\r\n');
  await probe.talk(async (connection) => {
    await new Promise<void>((resolve) => {
      connection.socket.write(request, () => resolve());
    });
  });
  check(await probe.request(request), { status: 200 });
  assert.equal((await probe.request(probe.get('/a'))).body.toString(), 'hello');
}

const missing = { status: 400, code: 'invalid_argument' } as const;

export const stateCases: readonly BadInput[] = [
  { row: 56, name: '16 creates of one path', run: race, creates: ['a'] },
  { row: 57, name: 'a create tried again with its key', run: retry, creates: ['a'] },
  {
    row: 58,
    name: 'DELETE of nothing',
    send: (probe) => probe.head('DELETE', '/nothing'),
    expect: { status: 404, code: 'path_not_found' },
  },
  {
    row: 59,
    name: 'DELETE during a GET',
    run: (probe) =>
      readWhile(probe, async () => {
        check(await probe.request(probe.head('DELETE', '/big')), { status: 200 });
      }),
  },
  {
    row: 60,
    name: 'PUT during a GET',
    run: (probe) =>
      readWhile(probe, async () => {
        check(await probe.request(probe.put('/big', 'other')), { status: 409 });
      }),
    creates: ['big'],
  },
  {
    row: 61,
    name: 'copy onto itself',
    send: (probe) => copyOf(probe, '/sentinel', '/sentinel'),
    expect: { status: 409, code: 'path_exists' },
  },
  {
    row: 62,
    name: 'copy of nothing',
    run: async (probe) => {
      const response = await probe.request(copyOf(probe, '/nothing', '/sentinel'));
      check(response, { status: 404, code: 'path_not_found' });
      const { path } = JSON.parse(response.body.toString()) as { path: string };
      assert.equal(path, `${probe.folder}/nothing`);
      assert.equal(codeOf(response), 'path_not_found');
    },
  },
  {
    row: 63,
    name: 'copy to a taken path',
    run: async (probe) => {
      await probe.request(probe.put('/a', 'hello'));
      check(await probe.request(copyOf(probe, '/a', '/sentinel')), { status: 409 });
      assert.equal((await probe.request(probe.get('/a'))).body.toString(), 'hello');
    },
    creates: ['a'],
  },
  copying(64, 'copy without anything', '/copy', missing),
  copying(64, 'copy without destination', '/copy?source_path=@/sentinel', missing),
  copying(64, 'copy without source', '/copy?destination_path=@/a', missing),
  copying(64, 'copy of an empty source', '/copy?source=&destination=@/a', {
    status: 400,
    code: 'invalid_path',
  }),
  copying(64, 'copy of a folder', '/copy?source=@/&destination=@/a', { status: 400 }),
  copying(64, 'copy with two sources', '/copy?source=@/sentinel&src=@/b&dst=@/a', missing),
  { row: 64, name: "copy of another tenant's file", unmet: 'There are no tenants yet.' },
  { row: 65, name: 'copy of what is being removed', run: copyWhileRemoved },
  { row: 66, name: 'the client leaves at the commit', run: leaveAtCommit, creates: ['a'] },
];

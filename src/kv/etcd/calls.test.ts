import assert from 'node:assert/strict';
import { once } from 'node:events';
import * as http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, it } from 'node:test';
import { isCode } from '#base/errors.ts';
import { createNodeWorld } from '#io/node/world.ts';
import { silentLogger } from '#observe/log.ts';
import { MetricRegister } from '#observe/metric-register.ts';
import { countedIn } from '../../../test/support/counted.ts';
import { put, then } from '../contract/support.ts';
import { EtcdKv } from './etcd-kv.ts';
import { EtcdMetrics } from './etcd-metrics.ts';
import { methods } from './methods.ts';

/** Stands in for a member: answers every call with this status and text, or never. */
interface StandIn {
  readonly endpoint: string;
  /** Calls seen, probes left out. */
  readonly calls: string[];
  stop(): void;
}

type Reply = readonly [status: number, text: string] | 'silence';
const success: Reply = [0, ''];

async function standIn(reply: Reply): Promise<StandIn> {
  const server = http2.createServer();
  const sessions = new Set<http2.ServerHttp2Session>();
  const calls: string[] = [];
  server.on('session', (session) => sessions.add(session));
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    if (headers[':path'] !== methods.status) calls.push(String(headers[':path']));
    if (reply === 'silence') return;
    const [status, text] = reply;
    const trailers = { 'grpc-status': String(status), 'grpc-message': encodeURI(text) };
    stream.respond({ ':status': 200 }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    stream.end(status === 0 ? Buffer.alloc(5) : undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const stop = () => {
    server.close();
    for (const session of sessions) session.destroy();
  };
  return { endpoint: `http://127.0.0.1:${port}`, calls, stop };
}

describe('calls of etcd', () => {
  const open: (() => unknown)[] = [];
  let skippedMs = 0;
  afterEach(() => {
    for (const close of open.splice(0)) close();
  });

  /** A kv over stand-ins that are tried in this order. */
  async function over(...replies: Reply[]) {
    const members = await Promise.all(replies.map(standIn));
    const world = createNodeWorld();
    const register = new MetricRegister();
    const deps = {
      ...world,
      metrics: new EtcdMetrics(register),
      clock: { ...world.clock, now: () => world.clock.now() + skippedMs },
      random: { ...world.random, float: () => 0 },
      log: silentLogger,
    };
    const endpoints = members.map(({ endpoint }) => endpoint);
    // Only who waits for a silent member should wait in vain, however busy the machine is.
    const perAttemptTimeoutMs = replies.includes('silence') ? 200 : 10_000;
    const kv = EtcdKv.create(deps, { endpoints, perAttemptTimeoutMs });
    open.push(() => kv.close(), ...members.map(({ stop }) => stop));
    return { kv, register, calls: members.map(({ calls }) => calls) };
  }

  const options = { timeoutMs: 20_000 };
  const write = then(put('a'));
  const read = then({ kind: 'range', start: 'a' });

  const unproven: Reply[] = [
    [14, 'etcdserver: request timed out'],
    [14, 'etcdserver: request timed out, possibly due to previous leader failure'],
    [14, 'etcdserver: leader changed'],
    [14, 'etcdserver: server stopped'],
    [2, 'something new'],
    'silence',
  ];
  for (const reply of unproven) {
    it(`repeats a read but never a write after: ${reply === 'silence' ? reply : reply[1]}`, async () => {
      const { kv, calls } = await over(reply, success);
      await assert.rejects(kv.txn(write, options), (error) => isCode(error, 'outcome_unknown'));
      assert.deepEqual(calls, [[methods.txn], []]);
      await kv.txn(read, options);
      assert.ok(calls[1]?.includes(methods.txn));
    });
  }

  const proven: Reply[] = [
    [14, 'etcdserver: no leader'],
    [8, 'etcdserver: too many requests'],
    [2, 'raft proposal dropped'],
  ];
  for (const reply of proven)
    it(`takes a write elsewhere after: ${reply[1]}`, async () => {
      const { kv, calls } = await over(reply, success);
      await kv.txn(write, options);
      assert.deepEqual(calls, [[methods.txn], [methods.txn]]);
    });

  it('counts calls, and those that ended badly', async () => {
    const { kv, register } = await over([14, 'etcdserver: no leader'], success);
    await kv.txn(write, options);
    await assert.rejects(kv.txn(write, { timeoutMs: 0 }));
    const counted = await countedIn(register);
    assert.equal(counted['dftfs_etcd_call_duration_seconds_count Txn'], 2);
    assert.equal(counted['dftfs_etcd_errors_total Txn names_unavailable'], 1);
    assert.equal(counted.dftfs_etcd_failed_attempts_total, 1);
  });

  it('gives up a write that no member can take, with nothing done', async () => {
    const { kv, calls } = await over([14, 'etcdserver: no leader'], [14, 'etcdserver: no leader']);
    const refused = kv.txn(write, options);
    while (!calls.every((seen) => seen.length > 1)) await new Promise(setImmediate);
    skippedMs += options.timeoutMs;
    await assert.rejects(refused, (error) => isCode(error, 'names_unavailable'));
  });

  const final: [Reply, string, string][] = [
    [[3, 'etcdserver: too many operations in txn request'], 'invalid_argument', 'none'],
    [[3, 'etcdserver: request is too large'], 'invalid_argument', 'none'],
    [[8, 'grpc: received message larger than max (9 vs. 8)'], 'invalid_argument', 'none'],
    [[8, 'etcdserver: mvcc: database space exceeded'], 'names_full', 'maybe'],
    [[11, 'etcdserver: mvcc: required revision has been compacted'], 'names_unavailable', 'none'],
    [[5, 'etcdserver: requested lease not found'], 'session_lost', 'none'],
  ];
  for (const [reply, code, outcome] of final)
    it(`answers ${code} at once to: ${reply[1]}`, async () => {
      const { kv, calls } = await over(reply, success);
      const told = (error: unknown) =>
        isCode(error, 'invalid_argument', 'names_full', 'names_unavailable', 'session_lost') &&
        error.code === code &&
        error.outcome === outcome;
      await assert.rejects(kv.txn(write, options), told);
      assert.deepEqual(calls, [[methods.txn], []]);
    });

  it('says that an aborted write may have happened, an aborted read has not', async () => {
    const { kv, calls } = await over('silence');
    const outcomes = [];
    for (const txn of [write, read]) {
      const giveUp = new AbortController();
      const canceled = kv.txn(txn, { ...options, signal: giveUp.signal }).catch((error) => error);
      const seen = outcomes.length;
      while (calls[0]?.length === seen) await new Promise(setImmediate);
      giveUp.abort();
      const error = await canceled;
      outcomes.push([error.code, error.outcome]);
    }
    assert.deepEqual(outcomes, [
      ['canceled', 'maybe'],
      ['canceled', 'none'],
    ]);
  });

  it('takes a lease granted by an attempt whose reply was lost', async () => {
    const { kv } = await over('silence', [9, 'etcdserver: lease already exists']);
    assert.match(await kv.grantLease(5000, options), /^[0-9a-f]+$/);
  });
});

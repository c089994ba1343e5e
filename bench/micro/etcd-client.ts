/**
 * What a call of etcd costs this process and etcd, by our own driver and by the general libraries
 * (`@grpc/grpc-js` with `protobufjs`). Decides how `kv/etcd/` speaks:
 * docs/decisions/etcd-client.md.
 *
 * Run: `node bench/micro/etcd-client.ts`. Starts an etcd of one member. Takes about 20 s.
 */
import { readFileSync } from 'node:fs';
import { createNodeWorld } from '#io/node/world.ts';
import { EtcdKv } from '#kv/etcd/etcd-kv.ts';
import type { NestedTxn, Txn } from '#kv/kv.ts';
import { silentLogger } from '#observe/log.ts';
import { EtcdCluster } from '../../test/support/etcd-cluster.ts';
import { type Caller, libraryCaller } from './etcd-library-caller.ts';

const timeoutMs = 10_000;
const record = Buffer.alloc(300, 'r');
const noValue = Buffer.alloc(0);
let created = 0;

/**
 * As a file is created: its name absent, its volume unchanged; a record and a back reference put.
 */
function create(): NestedTxn {
  const path = `bench/directory/file-${created++}`;
  return {
    kind: 'txn',
    compare: [
      { start: `f/${path}`, field: 'version', relation: '=', value: 0 },
      { start: 'v/0123456789abcdef', field: 'mod', relation: '=', value: 0 },
    ],
    then: [
      { kind: 'put', key: `f/${path}`, value: record },
      { kind: 'put', key: `b/00000000000000010123456789abcdef/${path}`, value: noValue },
    ],
    else: [{ kind: 'range', start: `f/${path}` }],
  };
}

const batch = (size: number): Txn => ({
  compare: [],
  then: Array.from({ length: size }, create),
  else: [],
});

/** User and system time of a process so far; the kernel counts it in ticks of 10 ms. */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

interface Load {
  readonly name: string;
  readonly calls: number;
  readonly concurrency: number;
  readonly call: (caller: Caller) => Promise<unknown>;
}

const loads: Load[] = [
  { name: 'create', calls: 300, concurrency: 1, call: (caller) => caller.txn(create()) },
  { name: '64 creates', calls: 150, concurrency: 1, call: (caller) => caller.txn(batch(64)) },
  ...[1, 16, 64].map((concurrency) => ({
    name: 'get',
    calls: 1500,
    concurrency,
    call: (caller: Caller) => caller.get('f/bench/directory/file-1'),
  })),
];

async function measure(caller: Caller, load: Load, etcdPid: number): Promise<string> {
  const latencies: number[] = [];
  const client = process.cpuUsage();
  const etcd = cpuMs(etcdPid);
  let left = load.calls;
  const worker = async () => {
    while (left-- > 0) {
      const began = performance.now();
      await load.call(caller);
      latencies.push(performance.now() - began);
    }
  };
  await Promise.all(Array.from({ length: load.concurrency }, worker));
  const { user, system } = process.cpuUsage(client);
  latencies.sort((a, b) => a - b);
  const at = (share: number) => (latencies[Math.floor(load.calls * share)] as number).toFixed(2);
  return [
    load.name.padEnd(10),
    String(load.concurrency).padStart(11),
    ((user + system) / 1000 / load.calls).toFixed(3).padStart(10),
    ((cpuMs(etcdPid) - etcd) / load.calls).toFixed(2).padStart(8),
    at(0.5).padStart(8),
    at(0.99).padStart(8),
  ].join(' ');
}

function ownCaller(endpoint: string): Caller {
  const deps = { ...createNodeWorld(), log: silentLogger };
  const options = { endpoints: [endpoint], perAttemptTimeoutMs: timeoutMs };
  const kv = EtcdKv.create(deps, options);
  return {
    txn: (txn) => kv.txn(txn, { timeoutMs }),
    get: (key) => kv.get(key, { timeoutMs }),
    close: () => kv.close(),
  };
}

const cluster = await EtcdCluster.start(1);
try {
  const endpoint = cluster.endpoints[0] as string;
  const etcdPid = cluster.pids[0] as number;
  for (const [name, make] of Object.entries({ own: ownCaller, libraries: libraryCaller })) {
    const caller = make(endpoint);
    for (let i = 0; i < 150; i++) await caller.txn(batch(16));
    for (let i = 0; i < 1000; i++) await caller.get('f/none');
    process.stdout.write(`${name}\n           concurrency  client ms  etcd ms   p50 ms   p99 ms\n`);
    for (const load of loads) process.stdout.write(`${await measure(caller, load, etcdPid)}\n`);
    await caller.close();
  }
} finally {
  await cluster.stop();
}

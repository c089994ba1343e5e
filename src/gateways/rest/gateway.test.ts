import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { DftfsError } from '#base/errors.ts';
import { createNodeWorld } from '#io/node/world.ts';
import { silentLogger } from '#observe/log.ts';
import { MemoryFiles, overriding } from '../../../test/support/memory-files.ts';
import { codeOf, RawConnection, rawRequest } from '../../../test/support/raw-http.ts';
import { nodelessAdmin, testGateway } from '../../../test/support/test-gateway.ts';
import { createRestGateway } from './gateway.ts';

const put = (url: string, body: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(url, { method: 'PUT', body, headers });

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 1000; tries++) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.fail('waited in vain');
}

test('a file comes back with all that was said of it, and can do no harm', async (context) => {
  const { url } = await testGateway(context);
  await put(`${url}/a`, '<script>', { 'content-type': 'text/html', 'x-meta-owner': 'me; "x"' });
  const response = await fetch(`${url}/a`);
  const { headers } = response;
  assert.equal(headers.get('content-type'), 'text/html');
  assert.equal(headers.get('x-meta-owner'), 'me; "x"');
  assert.equal(headers.get('accept-ranges'), 'bytes');
  assert.equal(headers.get('x-content-type-options'), 'nosniff');
  assert.match(headers.get('content-security-policy') ?? '', /^sandbox/);
  assert.match(headers.get('etag') ?? '', /^"[0-9a-f]{32}"$/);
  assert.ok(Date.parse(headers.get('last-modified') ?? '') > 0);
  const etag = headers.get('etag') ?? '';
  const fresh = await fetch(`${url}/a`, { headers: { 'if-none-match': `W/${etag}, "x"` } });
  assert.deepEqual([fresh.status, await fresh.text()], [304, '']);
  const since = { 'if-modified-since': headers.get('last-modified') ?? '' };
  assert.equal((await fetch(`${url}/a`, { headers: since })).status, 304);
  const before = { 'if-unmodified-since': new Date(0).toUTCString() };
  assert.equal((await fetch(`${url}/a`, { headers: before })).status, 412);
  const ranged = await fetch(`${url}/a`, { headers: { range: 'bytes=1-6', 'if-range': etag } });
  assert.deepEqual([ranged.status, await ranged.text()], [206, 'script']);
  assert.equal(ranged.headers.get('content-range'), 'bytes 1-6/8');
  await response.text();
});

test('a repeated put is a success, also when it asks that nothing be there', async (context) => {
  const { url } = await testGateway(context);
  const headers = { 'if-none-match': '*', 'idempotency-key': 'k-1' };
  assert.equal((await put(`${url}/a`, 'once', headers)).status, 200);
  assert.equal((await put(`${url}/a`, 'once', headers)).status, 200);
  const others = { ...headers, 'idempotency-key': 'k-2' };
  assert.equal((await put(`${url}/a`, 'once', others)).status, 412);
});

test('every answer has a request id of its own', async (context) => {
  const { url } = await testGateway(context);
  const ids = new Set<string | null>();
  for (const path of ['/a', '/', '/-/health', '/exists', '/a%00', '/copy']) {
    ids.add((await fetch(url + path)).headers.get('x-request-id'));
  }
  assert.equal(ids.size, 6);
  assert.ok(!ids.has(null));
});

test('an error is a problem document', async (context) => {
  const { url } = await testGateway(context);
  const response = await fetch(`${url}/no%20thing`);
  assert.equal(response.headers.get('content-type'), 'application/problem+json');
  assert.deepEqual(await response.json(), {
    type: 'urn:dftfs:error:path_not_found',
    title: 'Path not found',
    status: 404,
    detail: 'No file has the path /no thing.',
    code: 'path_not_found',
    outcome: 'none',
    path: '/no thing',
    requestId: response.headers.get('x-request-id'),
  });
});

test('a read that fails before its first byte is an honest error', async (context) => {
  const wrap = (files: MemoryFiles) =>
    overriding(files, {
      // biome-ignore lint/correctness/useYield: it fails before it could
      async *read() {
        throw new DftfsError('data_unavailable', 'for the test');
      },
    });
  const { url } = await testGateway(context, { wrap });
  await put(`${url}/a`, 'hello');
  const response = await fetch(`${url}/a`);
  assert.equal(response.status, 503);
  assert.ok(response.headers.has('retry-after'));
});

test('a read that fails later cuts the connection, never ends it well', async (context) => {
  const wrap = (files: MemoryFiles) =>
    overriding(files, {
      async *read() {
        yield Buffer.alloc(100_000);
        yield Buffer.alloc(100_000);
        throw new DftfsError('data_damaged', 'for the test');
      },
    });
  const { url } = await testGateway(context, { wrap });
  await put(`${url}/a`, 'x'.repeat(300_000));
  const response = await fetch(`${url}/a`);
  assert.equal(response.status, 200);
  await assert.rejects(response.arrayBuffer());
});

test('bytes that stay behind the announced length are never passed for whole', async (context) => {
  const wrap = (files: MemoryFiles) =>
    overriding(files, {
      async *read() {
        yield Buffer.from('hell');
      },
    });
  const { url } = await testGateway(context, { wrap });
  await put(`${url}/a`, 'hello');
  assert.equal((await fetch(`${url}/a`)).status, 503);
});

test('a bug is a 500 that tells nothing, and a line in the log that tells all', async (context) => {
  const wrap = (files: MemoryFiles) =>
    overriding(files, {
      lookup: async () => {
        throw new TypeError('secret');
      },
    });
  const { url, logged } = await testGateway(context, { wrap });
  const response = await fetch(`${url}/a`);
  assert.equal(response.status, 500);
  const text = await response.text();
  assert.doesNotMatch(text, /secret/);
  assert.match(logged.join(), /secret/);
  const { requestId } = JSON.parse(text) as { requestId: string };
  assert.match(logged.join(), new RegExp(requestId));
});

test('when the reader goes, the read ends and its memory is given back', async (context) => {
  let ended = false;
  const wrap = (files: MemoryFiles) =>
    overriding(files, {
      async *read(_entry, _range, { signal }) {
        try {
          while (!signal.aborted) yield Buffer.alloc(65_536);
        } finally {
          ended = true;
        }
      },
    });
  const { url, port, files } = await testGateway(context, { wrap });
  await put(`${url}/a`, 'x'.repeat(1_000_000));
  const entry = files.entries.get('/a');
  assert.ok(entry);
  files.entries.set('/a', { ...entry, record: { ...entry.record, size: 1e12 } });
  const connection = new RawConnection(port);
  connection.send('GET /a HTTP/1.1\r\nHost: h\r\n\r\n');
  await once(connection.socket, 'data');
  connection.close();
  await until(() => ended);
  const metrics = await (await fetch(`${url}/-/metrics`)).text();
  assert.match(metrics, /^dftfs_http_reserved_bytes 0$/m);
});

test('a reader that takes nothing is cut off', async (context) => {
  const pace = { bytesPerSecondMin: 1000, windowMs: 100, goodbyeMs: 100 };
  const { url, port } = await testGateway(context, { options: { sweepMs: 20, pace } });
  await put(`${url}/a`, 'x'.repeat(30_000_000));
  const connection = new RawConnection(port);
  context.after(() => connection.close());
  connection.send('GET /a HTTP/1.1\r\nHost: h\r\n\r\n');
  await once(connection.socket, 'data');
  connection.socket.pause();
  await until(async () => {
    const metrics = await (await fetch(`${url}/-/metrics`)).text();
    return /^dftfs_http_reserved_bytes 0$/m.test(metrics);
  });
});

test('a refusal is read by a client that is still sending', async (context) => {
  const { url, port } = await testGateway(context);
  await put(`${url}/a`, 'first');
  const connection = new RawConnection(port);
  context.after(() => connection.close());
  connection.send('PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 20000000\r\n\r\n');
  for (let sent = 0; sent < 20; sent++) connection.send(Buffer.alloc(1_000_000));
  const response = await connection.response();
  assert.deepEqual([response.status, codeOf(response)], [409, 'path_exists']);
  assert.equal(response.headers.get('connection'), 'close');
  await connection.ended();
  assert.equal(await (await fetch(`${url}/a`)).text(), 'first');
});

test('a folder is a page for a browser, with every name escaped', async (context) => {
  const { url } = await testGateway(context);
  await put(`${url}/d/${encodeURIComponent('<img src=x>&"')}`, 'x');
  const response = await fetch(`${url}/d/`, { headers: { accept: 'text/html,*/*' } });
  assert.equal(response.headers.get('content-type'), 'text/html; charset=utf-8');
  const page = await response.text();
  assert.match(page, /&lt;img src=x&gt;&amp;&quot;/);
  assert.match(page, /href="\/d\/%3Cimg%20src%3Dx%3E%26%22"/);
  assert.doesNotMatch(page, /<img/);
});

test('a listing of any length streams as lines', async (context) => {
  const { url, files } = await testGateway(context);
  await files.fill('/d', 1005);
  const lines = async (query: string): Promise<string[]> => {
    const headers = { accept: 'application/x-ndjson' };
    const text = await (await fetch(`${url}/ls?path=/d${query}`, { headers })).text();
    return text.trim().split('\n');
  };
  const all = await lines('');
  assert.equal(new Set(all.map((line) => (JSON.parse(line) as { name: string }).name)).size, 1005);
  assert.equal((await lines('&limit=1001')).length, 1001);
});

test('readiness is what the cluster says', async (context) => {
  let reason: string | undefined = 'Not registered.';
  const status = { notReadyReason: () => reason, describe: async () => ({ nodes: ['n1'] }) };
  const { url } = await testGateway(context, { status });
  const ready = await fetch(`${url}/-/ready`);
  assert.equal(ready.status, 503);
  assert.match(await ready.text(), /Not registered/);
  reason = undefined;
  assert.equal((await fetch(`${url}/-/ready`)).status, 200);
  assert.deepEqual(await (await fetch(`${url}/-/cluster`)).json(), { nodes: ['n1'] });
});

test('metrics count what was done', async (context) => {
  const { url } = await testGateway(context);
  await put(`${url}/a`, 'hello');
  await (await fetch(`${url}/a`)).text();
  await (await fetch(`${url}/b`)).text();
  const metrics = await (await fetch(`${url}/-/metrics`)).text();
  for (const line of [
    'dftfs_http_requests_total{endpoint="put",class="2xx"} 1',
    'dftfs_http_requests_total{endpoint="get",class="2xx"} 1',
    'dftfs_http_requests_total{endpoint="get",class="4xx"} 1',
    'dftfs_http_errors_total{endpoint="get",code="path_not_found"} 1',
    'dftfs_http_received_bytes_total{endpoint="put"} 5',
    'dftfs_http_request_duration_seconds_count{endpoint="get"} 2',
    'dftfs_http_requests_in_flight 1',
  ]) {
    assert.ok(metrics.includes(line), `${line}\n${metrics}`);
  }
});

test('one gateway listens at several addresses, and none answers once it is closed', async () => {
  const { clock, timers, random } = createNodeWorld();
  const status = { notReadyReason: () => undefined, describe: () => ({}) };
  const doors = { status, admin: nodelessAdmin };
  const deps = { files: new MemoryFiles(), ...doors, clock, timers, random, log: silentLogger };
  const gateway = createRestGateway(deps);
  const ports = [0, 0].map((port) => gateway.listen({ host: '127.0.0.1', port }));
  const health = 'GET /-/health HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n';
  for (const port of await Promise.all(ports)) {
    assert.equal((await rawRequest(port, health)).status, 200);
  }
  await gateway.close();
  for (const port of await Promise.all(ports)) await assert.rejects(rawRequest(port, health));
});

test('a process serves on a listening socket that it has inherited', async (context) => {
  const parent = createServer().listen(0, '127.0.0.1');
  await once(parent, 'listening');
  const { port } = parent.address() as { port: number };
  const { fd } = (parent as unknown as { _handle: { fd: number } })._handle;
  const script = new URL('../../../test/support/inherited-listener.ts', import.meta.url);
  const child = spawn(process.execPath, [script.pathname], {
    stdio: ['ignore', 'pipe', 'inherit', fd],
  });
  context.after(() => child.kill());
  await once(child.stdout as NodeJS.ReadableStream, 'data');
  parent.close();
  const health = 'GET /-/health HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n';
  assert.equal((await rawRequest(port, health)).status, 200);
});

test('closing lets what is under way finish', async (context) => {
  let release: () => void = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  let asked = false;
  const wrap = (files: MemoryFiles) =>
    overriding(files, {
      lookup: async (...given) => {
        asked = true;
        await released;
        return files.lookup(...given);
      },
    });
  const gateway = await testGateway(context, { wrap, options: { closeMs: 5000 } });
  const answer = rawRequest(gateway.port, 'GET /exists/a HTTP/1.1\r\nHost: h\r\n\r\n');
  await until(() => asked);
  const closed = gateway.close();
  release();
  assert.equal((await answer).body.toString(), '0');
  await closed;
});

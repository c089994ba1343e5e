import assert from 'node:assert/strict';
import { type BadInput, check, type Expected, type Probe } from './case.ts';

const badRequest: Expected = { status: 400, code: 'bad_request', closes: true };

const raw = (row: number, name: string, text: string, expect: Expected = badRequest): BadInput => ({
  row,
  name,
  send: () => Buffer.from(text, 'latin1'),
  expect,
});

const onSentinel = (row: number, name: string, header: string, expect: Expected): BadInput => ({
  row,
  name,
  send: (probe) => probe.put('/sentinel', 'x', `${header}\r\n`),
  expect,
});

const onNew = (row: number, name: string, header: string, expect: Expected): BadInput => ({
  row,
  name,
  send: (probe) => probe.put('/a', 'hello', `${header}\r\n`),
  expect,
});

/** The final answer comes first: no 100 before it. */
const doomed = (name: string, target: string, headers: string, expect: Expected): BadInput => ({
  row: 37,
  name: `doomed, with Expect: ${name}`,
  send: (probe) =>
    `PUT ${probe.folder}${target} HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n${headers}\r\n`,
  expect: { ...expect, closes: true },
});

const fields = (count: number): string =>
  Array.from({ length: count }, (_, index) => `X-${index}: y\r\n`).join('');

const method = (row: number, name: string, status: number, code: string): BadInput => ({
  row,
  name: `${name} of a file`,
  send: (probe) => `${name} ${probe.sentinel} HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n`,
  expect: { status, code, ...(status === 405 ? { header: ['allow', /GET.*PUT/] } : {}) },
});

async function keyTwice(probe: Probe): Promise<void> {
  const key = 'Idempotency-Key: k1\r\n';
  check(await probe.request(probe.put('/a', 'one', key)), { status: 200 });
  const other = await probe.request(probe.put('/a', 'two', key));
  check(other, { status: 422, code: 'idempotency_key_reused' });
  const read = await probe.request(probe.get('/a'));
  assert.equal(read.body.toString(), 'one');
}

const tlsHello = '\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03';
const sentinelTag = async (probe: Probe): Promise<string> =>
  (await probe.request(probe.get('/sentinel'))).headers.get('etag') ?? '';

export const headerCases: readonly BadInput[] = [
  doomed('exists', '/sentinel', 'Content-Length: 5\r\n', { status: 409, code: 'path_exists' }),
  doomed('too large', '/a', 'Content-Length: 99999999999999999999\r\n', { status: [400, 413] }),
  doomed('no path', '/a%00', 'Content-Length: 5\r\n', { status: 400, code: 'invalid_path' }),
  {
    row: 38,
    name: 'Expect: 100-continue, good',
    run: (probe) =>
      probe.talk(async (connection) => {
        connection.send(probe.head('PUT', '/a', 'Content-Length: 5\r\nExpect: 100-continue\r\n'));
        assert.equal((await connection.response()).status, 100);
        connection.send('hello');
        check(await connection.response(), { status: 200 });
      }),
    creates: ['a'],
  },
  {
    row: 38,
    name: 'Expect: 100-continue, not waited for',
    run: async (probe) =>
      check(await probe.request(probe.put('/a', 'hello', 'Expect: 100-continue\r\n')), {
        status: 200,
      }),
    creates: ['a'],
  },
  onNew(39, 'another expectation', 'Expect: 200-ok', { status: 417, code: 'expectation_failed' }),
  raw(40, 'no Host', 'GET /a HTTP/1.1\r\n\r\n', { status: 400, closes: true }),
  raw(40, 'two Hosts', 'GET /a HTTP/1.1\r\nHost: h\r\nHost: i\r\n\r\n'),
  raw(40, 'invalid Host', 'GET /a HTTP/1.1\r\nHost: a/b@c\r\n\r\n'),
  ...[
    ['100 fields are too many', fields(100)] as const,
    ['1,000 fields', fields(1000)] as const,
  ].map(
    ([name, text]): BadInput => ({
      row: 41,
      name,
      send: (probe) => probe.put('/a', 'x', text),
      expect: { status: 431, code: 'headers_too_large', closes: true },
    }),
  ),
  onNew(41, 'a field of 20 KB', `X-Big: ${'b'.repeat(20_000)}`, {
    status: 431,
    code: 'headers_too_large',
    closes: true,
  }),
  raw(42, 'bare line feed', 'GET /a HTTP/1.1\nHost: h\n\n'),
  raw(42, 'bare carriage return', 'GET /a HTTP/1.1\r\nHost: h\rX: y\r\n\r\n'),
  raw(42, 'NUL in a field', 'GET /a HTTP/1.1\r\nHost: h\r\nX: a\0b\r\n\r\n'),
  raw(42, 'folded field', 'GET /a HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n'),
  raw(42, 'space before the colon', 'GET /a HTTP/1.1\r\nHost : h\r\n\r\n'),
  raw(42, 'invalid field name', 'GET /a HTTP/1.1\r\nHost: h\r\nX(y): z\r\n\r\n'),
  onSentinel(43, 'If-None-Match: * where a file is', 'If-None-Match: *', {
    status: 412,
    code: 'precondition_failed',
  }),
  onSentinel(44, 'If-Match, stale', 'If-Match: "0"', { status: 412, code: 'precondition_failed' }),
  {
    row: 44,
    name: 'If-Match, weak',
    run: async (probe) => {
      const weak = `If-Match: W/${await sentinelTag(probe)}\r\n`;
      const failed: Expected = { status: 412, code: 'precondition_failed' };
      check(await probe.request(probe.put('/sentinel', 'x', weak)), failed);
      check(await probe.request(probe.get('/sentinel', weak)), failed);
    },
  },
  onSentinel(44, 'If-Match, malformed', 'If-Match: abc', {
    status: 400,
    code: 'invalid_argument',
  }),
  onSentinel(44, 'If-Match and If-None-Match', 'If-Match: *\r\nIf-None-Match: *', { status: 412 }),
  onNew(44, 'If-Match where nothing is', 'If-Match: *', { status: 412 }),
  onNew(45, 'two keys', 'Idempotency-Key: a\r\nIdempotency-Key: b', {
    status: 400,
    code: 'bad_request',
  }),
  onNew(45, 'a long key', `Idempotency-Key: ${'k'.repeat(256)}`, {
    status: 400,
    code: 'invalid_argument',
  }),
  { row: 45, name: 'a key with other bytes', run: keyTwice, creates: ['a'] },
  {
    row: 45,
    name: 'a key with another path',
    unmet: 'A key is kept with the name it made, so under another path it is a new request.',
  },
  { row: 46, name: 'Authorization', unmet: 'There are no credentials yet.' },
  method(47, 'POST', 405, 'method_not_allowed'),
  method(47, 'PATCH', 405, 'method_not_allowed'),
  method(47, 'PROPFIND', 405, 'method_not_allowed'),
  {
    row: 47,
    name: 'GET of an operation',
    send: () => 'GET /copy HTTP/1.1\r\nHost: h\r\n\r\n',
    expect: { status: 405, code: 'method_not_allowed', header: ['allow', /^POST$/] },
  },
  method(48, 'TRACE', 405, 'method_not_allowed'),
  method(49, 'get', 400, 'bad_request'),
  method(49, 'FROB', 400, 'bad_request'),
  raw(50, 'HTTP/0.9', 'GET /a\r\n\r\n', { status: [400, 505], closes: true }),
  raw(50, 'HTTP/2.0 as text', 'GET /a HTTP/2.0\r\nHost: h\r\n\r\n', {
    status: [400, 505],
    closes: true,
  }),
  raw(50, 'the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', {
    status: [400, 505],
    closes: true,
  }),
  raw(50, 'half a preface of HTTP/2', 'PRI */1.1\r\nHost: h\r\n\r\n', {
    status: 505,
    code: 'unsupported_http_version',
    closes: true,
  }),
  raw(50, 'a TLS hello', tlsHello, { status: 400, closes: true }),
  raw(
    71,
    'Upgrade: h2c',
    'GET /-/health HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n',
    { status: 200 },
  ),
  raw(
    71,
    'Upgrade: websocket',
    'GET /-/health HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    { status: 200 },
  ),
  onNew(72, 'metadata that is no ASCII', 'X-Meta-A: caf\xe9', {
    status: 400,
    code: 'invalid_argument',
  }),
  onNew(72, 'content type that is no ASCII', 'Content-Type: text/\xe9', {
    status: 400,
    code: 'invalid_argument',
  }),
  onNew(72, 'metadata with a line feed', 'X-Meta-A: a\nX-Injected: b', { status: 400 }),
  onNew(72, 'metadata over 4 KiB', `X-Meta-A: ${'a'.repeat(5000)}`, {
    status: 400,
    code: 'invalid_argument',
  }),
];

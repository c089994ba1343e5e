import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { DftfsError } from '#base/errors.ts';
import type { Files } from '#files/files.ts';
import { type MemoryFiles, overriding } from '../../support/memory-files.ts';
import { type BadInput, check, type Expected, type Probe } from './case.ts';

const put = (probe: Probe, target: string, headers: string, body = ''): string =>
  `PUT ${probe.folder}${target} HTTP/1.1\r\nHost: h\r\n${headers}\r\n${body}`;

const framed = (
  row: number,
  name: string,
  headers: string,
  expect: Expected,
  body = '',
): BadInput => ({ row, name, send: (probe) => put(probe, '/a', headers, body), expect });

const badRequest: Expected = { status: 400, code: 'bad_request', closes: true };
const chunked = 'Transfer-Encoding: chunked\r\n';

const lengths = ['', '-1', '+5', '5abc', '1e3', '5, 5', '0x5', '18446744073709551616'];
const codings: readonly (readonly [string, number])[] = [
  ['gzip, chunked', 501],
  ['identity', 501],
  ['xchunked', 501],
  ['chunked, gzip', 400],
  ['chunked, chunked', 400],
];

const digest = (algorithm: string, text: string): string =>
  createHash(algorithm).update(text).digest('base64');

const withHeader = (row: number, name: string, header: string, expect: Expected): BadInput => ({
  row,
  name,
  send: (probe) => probe.put('/a', 'hello', `${header}\r\n`),
  expect,
});

const malformedDigest = (name: string, header: string, row = 28): BadInput =>
  withHeader(row, name, header, { status: 400, code: 'invalid_argument' });

const mismatch = (name: string, header: string): BadInput =>
  withHeader(29, name, header, { status: 422, code: 'digest_mismatch' });

/** Disks without room for more than one file. */
function full(files: MemoryFiles): Files {
  return overriding(files, {
    put: async (...given) => {
      if (files.names().length === 0) return files.put(...given);
      throw new DftfsError('no_space', 'The disks are full; delete something.');
    },
  });
}

export const framingCases: readonly BadInput[] = [
  framed(17, 'PUT without length', '', { status: 411, code: 'length_required', closes: true }),
  ...lengths.map((length) =>
    framed(18, `Content-Length: ${length}`, `Content-Length: ${length}\r\n`, badRequest, 'hello'),
  ),
  framed(
    18,
    'two equal lengths',
    'Content-Length: 5\r\nContent-Length: 5\r\n',
    badRequest,
    'hello',
  ),
  framed(18, 'two lengths', 'Content-Length: 5\r\nContent-Length: 6\r\n', badRequest, 'hello'),
  framed(19, 'Content-Length 2^63', 'Content-Length: 9223372036854775808\r\n', {
    status: 413,
    code: 'too_large',
    closes: true,
  }),
  framed(20, 'length and chunked', `Content-Length: 5\r\n${chunked}`, badRequest, '0\r\n\r\n'),
  ...codings.map(([coding, status]) =>
    framed(
      21,
      `Transfer-Encoding: ${coding}`,
      `Transfer-Encoding: ${coding}\r\n`,
      { status, closes: true },
      '5\r\nhello\r\n0\r\n\r\n',
    ),
  ),
  {
    row: 22,
    name: 'Transfer-Encoding in HTTP/1.0',
    send: (probe) =>
      `PUT ${probe.folder}/a HTTP/1.0\r\nHost: h\r\n${chunked}\r\n1\r\nx\r\n0\r\n\r\n`,
    expect: badRequest,
  },
  {
    ...framed(23, 'a chunked upload', chunked, { status: 200 }, '5\r\nhello\r\n0\r\n\r\n'),
    creates: ['a'],
  },
  framed(24, 'chunk size is no hex', chunked, badRequest, 'zz\r\nhello\r\n0\r\n\r\n'),
  framed(24, 'chunk size overflows', chunked, badRequest, 'fffffffffffffffff\r\nhello\r\n'),
  framed(24, 'chunk ends with line feed alone', chunked, badRequest, '5\nhello\n0\n\n'),
  framed(24, 'chunk longer than its size', chunked, badRequest, '2\r\nhello\r\n0\r\n\r\n'),
  framed(
    24,
    'chunk extensions over 16 KiB',
    chunked,
    { status: 413, code: 'too_large', closes: true },
    `5;${'e'.repeat(20_000)}\r\nhello\r\n0\r\n\r\n`,
  ),
  {
    row: 25,
    name: 'the body ends early, in order',
    run: (probe) =>
      probe.talk(async (connection) => {
        connection.send(put(probe, '/a', 'Content-Length: 10\r\n', 'hello'));
        connection.finish();
        check(await connection.response(), {
          status: 400,
          code: 'upload_incomplete',
          closes: true,
        });
        await connection.ended();
      }),
  },
  {
    row: 25,
    name: 'a chunked body ends early',
    run: (probe) =>
      probe.talk(async (connection) => {
        connection.send(put(probe, '/a', chunked, '5\r\nhello\r\n'));
        connection.finish();
        check(await connection.response(), {
          status: 400,
          code: 'upload_incomplete',
          closes: true,
        });
      }),
  },
  {
    row: 25,
    name: 'the connection is reset within a body',
    run: (probe) =>
      probe.talk(async (connection) => {
        connection.send(put(probe, '/a', 'Expect: 100-continue\r\nContent-Length: 10\r\n', ''));
        assert.equal((await connection.response()).status, 100);
        connection.send('hello');
        connection.socket.resetAndDestroy();
      }),
  },
  {
    row: 26,
    name: 'bytes behind the body',
    run: (probe) =>
      probe.talk(async (connection) => {
        connection.send(`${probe.put('/a', 'hello')}garbage\r\n\r\n`);
        check(await connection.response(), { status: 200 });
        check(await connection.response(), badRequest);
        await connection.ended();
      }),
    creates: ['a'],
  },
  {
    row: 27,
    name: 'no bytes at all are a file',
    run: async (probe) => {
      check(await probe.request(probe.put('/empty', '')), { status: 200 });
      const read = await probe.request(probe.get('/empty'));
      check(read, { status: 200, header: ['content-length', /^0$/] });
    },
    creates: ['empty'],
  },
  malformedDigest('Content-MD5 is no base64', 'Content-MD5: !!!'),
  malformedDigest('Content-MD5 of 15 bytes', `Content-MD5: ${Buffer.alloc(15).toString('base64')}`),
  malformedDigest('Content-Digest is no dictionary', 'Content-Digest: sha-256=abc'),
  malformedDigest('Repr-Digest is short', 'Repr-Digest: sha-256=:YWJj:'),
  mismatch('Content-MD5 of other bytes', `Content-MD5: ${digest('md5', 'other')}`),
  mismatch('Content-Digest of others', `Content-Digest: sha-256=:${digest('sha256', 'other')}:`),
  mismatch('Repr-Digest of others', `Repr-Digest: sha-512=:${digest('sha512', 'other')}:`),
  malformedDigest('no digest algorithm known', 'Content-Digest: crc32c=:AAAAAA==:', 30),
  withHeader(31, 'compressed body', 'Content-Encoding: gzip', {
    status: 415,
    code: 'unsupported_encoding',
  }),
  withHeader(32, 'part of a file', 'Content-Range: bytes 0-4/10', {
    status: 400,
    code: 'invalid_argument',
  }),
  ...['GET', 'HEAD', 'DELETE'].map(
    (method): BadInput => ({
      row: 33,
      name: `${method} with a body`,
      send: (probe) => `${probe.head(method, '/sentinel', 'Content-Length: 5\r\n')}hello`,
      expect: { status: 400, closes: true },
    }),
  ),
  {
    row: 34,
    name: 'a body that stalls',
    setup: {
      options: { sweepMs: 20, pace: { bytesPerSecondMin: 1000, windowMs: 100, goodbyeMs: 100 } },
    },
    run: (probe) =>
      probe.talk(async (connection) => {
        connection.send(put(probe, '/a', 'Content-Length: 100000\r\n', 'hello'));
        check(await connection.response(), { status: 408, code: 'request_timeout', closes: true });
        await connection.ended();
      }),
  },
  {
    row: 35,
    name: 'no space',
    setup: { wrap: full },
    send: (probe) => probe.put('/a', 'hello'),
    expect: { status: 507, code: 'no_space' },
  },
  {
    row: 36,
    name: 'trailers name nothing',
    run: async (probe) => {
      const body = '5\r\nhello\r\n0\r\nX-Meta-Owner: me\r\n\r\n';
      check(await probe.request(put(probe, '/a', `Trailer: X-Meta-Owner\r\n${chunked}`, body)), {
        status: 200,
      });
      const read = await probe.request(probe.get('/a'));
      assert.equal(read.headers.has('x-meta-owner'), false);
    },
    creates: ['a'],
  },
];

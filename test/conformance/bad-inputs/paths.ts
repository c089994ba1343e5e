import { type BadInput, check } from './case.ts';

const refused = (row: number, name: string, target: string, code = 'invalid_path'): BadInput => ({
  row,
  name,
  send: (probe) => probe.put(target),
  expect: { status: 400, code, closes: true },
});

const kept = (row: number, name: string, target: string, created: string): BadInput => ({
  row,
  name,
  send: (probe) => probe.put(target),
  expect: { status: 200 },
  creates: [created],
});

const raw = (row: number, name: string, target: string, code: string): BadInput => ({
  row,
  name,
  send: () => `PUT ${target} HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx`,
  expect: { status: 400, code, closes: true },
});

const reserved = [
  '/-/x',
  '/-/',
  '/-',
  '/exists',
  '/exists/a',
  '/copy',
  '/move',
  '/ls',
  '/rm',
  '/stat',
];

export const pathCases: readonly BadInput[] = [
  raw(1, 'the root is no file', '/', 'invalid_path'),
  refused(2, 'dot-dot segment', '/a/../b'),
  refused(2, 'dot segment', '/a/./b'),
  refused(2, 'last segment dot-dot', '/a/..'),
  refused(2, 'encoded dot-dot', '/a/%2e%2E/b'),
  refused(2, 'half encoded dot-dot', '/a/.%2e/b'),
  refused(2, 'dot-dot with encoded slash', '/..%2fb'),
  kept(3, 'runs of slashes collapse', '//x///y', 'x/y'),
  refused(4, 'encoded NUL', '/a%00b'),
  refused(4, 'encoded control character', '/a%1fb'),
  refused(4, 'encoded line feed', '/a%0Ab'),
  refused(4, 'encoded DEL', '/a%7f'),
  refused(4, 'raw NUL', '/a\0b', 'bad_request'),
  refused(5, 'encoded slash', '/a%2Fb'),
  refused(5, 'encoded backslash', '/a%5Cb'),
  kept(6, 'double encoding is decoded once', '/%252e%252e', '%2e%2e'),
  refused(7, 'escape without hex digits', '/a%zz'),
  refused(7, 'escape cut short', '/a%4'),
  refused(8, 'no UTF-8', '/a%FF'),
  refused(8, 'overlong UTF-8', '/a%C0%AF'),
  refused(8, 'half a surrogate pair', '/a%ED%A0%80'),
  refused(8, 'raw byte over 127', '/a\xff', 'bad_request'),
  {
    row: 9,
    name: 'NFC and NFD are two names',
    run: async (probe) => {
      const nfc = await probe.request(probe.put('/caf%C3%A9', 'nfc'));
      const nfd = await probe.request(probe.put('/cafe%CC%81', 'nfd'));
      const read = await probe.request(probe.get('/caf%C3%A9'));
      const got = [nfc.status, nfd.status, read.body.toString()].join(' ');
      if (got !== '200 200 nfc') throw new Error(got);
    },
    creates: ['caf\u00e9', 'cafe\u0301'],
  },
  refused(10, 'slash at the end', '/a/'),
  {
    row: 11,
    name: 'path over 1,024 bytes',
    send: (probe) => probe.put(`/${'a'.repeat(1024)}`),
    expect: { status: 414, code: 'path_too_long', closes: true },
  },
  {
    row: 11,
    name: 'target longer than any head',
    send: (probe) => probe.put(`/${'a'.repeat(20_000)}`),
    expect: { status: 431, code: 'headers_too_large', closes: true },
  },
  ...reserved.map((path) =>
    raw(12, `reserved ${path}`, path, path.endsWith('/') ? 'invalid_path' : 'reserved_path'),
  ),
  kept(13, 'a device of Windows', '/CON', 'CON'),
  kept(13, 'a colon', '/a:b', 'a:b'),
  kept(13, 'a dot at the end', '/a.', 'a.'),
  kept(13, 'a space at the end', '/a%20', 'a '),
  {
    row: 14,
    name: 'a file under the name of a file',
    run: async (probe) => {
      const file = await probe.request(probe.put('/a'));
      const under = await probe.request(probe.put('/a/b'));
      if (file.status !== 200 || under.status !== 200) throw new Error(`${under.status}`);
    },
    creates: ['a', 'a/b'],
  },
  refused(15, 'query where none is defined', '/a?copyfrom=/b', 'invalid_argument'),
  {
    row: 15,
    name: 'an argument twice',
    send: () => 'GET /exists?path=/a&path=/b HTTP/1.1\r\nHost: h\r\n\r\n',
    expect: { status: 400, code: 'invalid_argument' },
  },
  {
    row: 15,
    name: 'an argument that is not known',
    send: () => 'GET /exists?path=/a&pth=/b HTTP/1.1\r\nHost: h\r\n\r\n',
    expect: { status: 400, code: 'invalid_argument' },
  },
  {
    row: 16,
    name: 'fragment',
    send: (probe) => probe.get('/a#b'),
    expect: { status: 400, code: 'bad_request' },
  },
  {
    row: 16,
    name: 'absolute form for another host',
    send: () => 'GET http://other.example/a HTTP/1.1\r\nHost: h\r\n\r\n',
    expect: { status: 421, code: 'misdirected_request' },
  },
  {
    row: 16,
    name: 'absolute form for this host',
    send: (probe) => `GET http://h${probe.sentinel} HTTP/1.1\r\nHost: h\r\n\r\n`,
    expect: { status: 200 },
  },
  {
    row: 16,
    name: 'GET *',
    send: () => 'GET * HTTP/1.1\r\nHost: h\r\n\r\n',
    expect: { status: 400, code: 'bad_request' },
  },
  {
    row: 16,
    name: 'CONNECT',
    send: () => 'CONNECT other.example:443 HTTP/1.1\r\nHost: other.example:443\r\n\r\n',
    expect: { status: 405, code: 'method_not_allowed', closes: true },
  },
  {
    row: 16,
    name: 'CONNECT, and the connection is reset',
    run: (probe) =>
      probe.talk(async (connection) => {
        connection.send(probe.get('/sentinel'));
        check(await connection.response(), { status: 200 });
        connection.send('CONNECT other.example:443 HTTP/1.1\r\nHost: other.example:443\r\n\r\n');
        connection.socket.resetAndDestroy();
      }),
  },
];

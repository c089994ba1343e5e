/**
 * Requests to make others of: those that are right, one for each way to say what can be said, and
 * all that are known to be wrong.
 */

import { Probe } from '../conformance/bad-inputs/case.ts';
import { badInputCases } from '../conformance/bad-inputs/register.ts';
import type { Seeds } from './mutations.ts';

const folder = '/fuzz';
const form = 'Content-Type: application/x-www-form-urlencoded\r\n';
const json = 'Content-Type: application/json\r\n';
const multipart = 'Content-Type: multipart/form-data; boundary=b\r\n';
const chunked = 'Transfer-Encoding: chunked\r\n';

const bare = (line: string, headers = ''): string =>
  `${line} HTTP/1.1\r\nHost: h\r\n${headers}\r\n`;
const withBody = (line: string, headers: string, body: string): string =>
  `${bare(line, `${headers}Content-Length: ${body.length}\r\n`)}${body}`;

const part = '--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nhello\r\n';
const field = '--b\r\nContent-Disposition: form-data; name="path"\r\n\r\n/fuzz/c\r\n';

/** No recursive removal among them: changed a little, it might remove everything, and rightly. */
export const rightRequests: readonly string[] = [
  withBody(`PUT ${folder}/a`, 'Content-Type: text/plain\r\nX-Meta-Owner: me\r\n', 'hello'),
  withBody(`PUT ${folder}/b`, 'Idempotency-Key: k\r\nIf-None-Match: *\r\n', 'x'.repeat(500)),
  withBody(`PUT ${folder}/c`, 'Content-MD5: XUFAKrxLKna5cZ2REBfFkg==\r\n', 'hello'),
  `${bare(`PUT ${folder}/d`, chunked)}5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nX-T: u\r\n\r\n`,
  withBody(`PUT ${folder}/e`, 'Expect: 100-continue\r\n', 'hello'),
  withBody(`PUT ${folder}/f`, multipart, `${part}--b--\r\n`),
  withBody('PUT /path', multipart, `${field}${part}--b--\r\n`),
  withBody('PUT /path', form, `path=${folder}/g&content=hello+w%C3%B6rld`),
  bare(`GET ${folder}/sentinel`),
  bare(`GET ${folder}/sentinel`, 'Range: bytes=1-3, 5-\r\nIf-Range: "0"\r\n'),
  bare(`GET ${folder}/sentinel`, 'If-None-Match: "1", W/"2"\r\n'),
  bare(`GET ${folder}/sentinel`, 'If-Modified-Since: Wed, 21 Oct 2015 07:28:00 GMT\r\n'),
  bare(`GET /path?path=${folder}/sentinel`),
  bare(`HEAD ${folder}/sentinel`),
  bare(`GET /exists?path=${folder}/a`),
  bare(`GET /exists${folder}/a`),
  withBody('GET /exists', json, `{"path":"${folder}/a"}`),
  withBody('POST /copy', form, `source_path=${folder}/a&destination_path=${folder}/h`),
  withBody('POST /copy', json, `{"src":"${folder}/a","dst":"${folder}/i"}`),
  withBody('POST /move', form, `source=${folder}/h&destination=${folder}/j`),
  bare(`GET /ls?path=${folder}&limit=10&after=a`),
  bare(`GET /ls?path=${folder}&recursive=true`, 'Accept: application/x-ndjson\r\n'),
  bare(`GET ${folder}/`, 'Accept: text/html\r\n'),
  withBody('POST /rm', form, `path=${folder}/i`),
  bare(`DELETE ${folder}/j`, 'Idempotency-Key: k\r\n'),
  bare(`GET /stat?path=${folder}/a`),
  bare('OPTIONS /copy'),
  bare('GET /-/cluster'),
  bare('GET /-/health', 'Connection: close\r\n'),
  bare('GET /-/openapi.json', 'Connection: keep-alive, Upgrade\r\nUpgrade: h2c\r\n'),
  bare('GET /-/nodes/node-1'),
];

const known = badInputCases.flatMap(({ send }) => send?.(new Probe(0, 'fuzz')) ?? []);

const tokens: readonly string[] = [
  ...['\r\n', '\r\n\r\n', '\n', '\r', '\0', '\t', ' ', ':', '/', '//', '?', '&', '=', '#', '"'],
  ...['%00', '%2e%2e', '%2F', '%25', '%', '%FF', '%C3%A9', '+', '..', '*', '\x7f', '\xff', '\xc3'],
  ...['HTTP/1.0', 'HTTP/1.1', 'HTTP/2.0', 'GET ', 'PUT ', 'HEAD ', 'POST ', 'DELETE ', 'CONNECT '],
  ...['Content-Length: 5\r\n', 'Content-Length: 99999999999\r\n', chunked, 'Expect: x\r\n'],
  ...['Connection: close\r\n', 'Range: bytes=0-\r\n', 'Host: i\r\n', 'If-Match: *\r\n', multipart],
  ...[
    '{',
    '[[[[',
    '"__proto__":',
    '0\r\n\r\n',
    'fffffffff\r\n',
    'bytes=',
    ';',
    ',',
    'x'.repeat(300),
  ],
];

const bytesOf = (text: string | Buffer): Buffer =>
  typeof text === 'string' ? Buffer.from(text, 'latin1') : text;

export const httpSeeds: Seeds = {
  whole: [...rightRequests, ...rightRequests, ...known].map(bytesOf),
  tokens: tokens.map(bytesOf),
};

/** Put before all else, so that there is something to be read. */
export const fixture = { path: `${folder}/sentinel`, body: 'something to read' } as const;

/**
 * The interface can be read in several ways; every plausible one works. Requests as `curl` sends
 * them.
 */
import assert from 'node:assert/strict';
import { after, before, beforeEach, suite, test } from 'node:test';
import { type RawResponse, rawRequest } from '../../../test/support/raw-http.ts';
import { startTestGateway, type TestGateway } from '../../../test/support/test-gateway.ts';

const formType = 'application/x-www-form-urlencoded';
const jsonType = 'application/json';
const odd = Buffer.from([0, 255, 13, 10, 37, 43, 38, 61, 45, 45, 200]);

interface Body {
  readonly type?: string;
  readonly bytes: Buffer;
}

const form = (text: string): Body => ({ type: formType, bytes: Buffer.from(text) });
const json = (value: unknown): Body => ({
  type: jsonType,
  bytes: Buffer.from(JSON.stringify(value)),
});

interface Field {
  readonly name: string;
  readonly value: string | Buffer;
  readonly fileName?: string;
  readonly type?: string;
}

/** As `curl -F` does it. */
function multipart(...fields: readonly Field[]): Body {
  const boundary = '------------------------d74496d66958873e';
  const parts = fields.map(({ name, value, fileName, type }) => {
    const file = fileName === undefined ? '' : `; filename="${fileName}"`;
    const contentType = type === undefined ? '' : `Content-Type: ${type}\r\n`;
    const disposition = `Content-Disposition: form-data; name="${name}"${file}\r\n`;
    const head = `--${boundary}\r\n${disposition}${contentType}\r\n`;
    return Buffer.concat([Buffer.from(head), Buffer.from(value), Buffer.from('\r\n')]);
  });
  const bytes = Buffer.concat([...parts, Buffer.from(`--${boundary}--\r\n`)]);
  return { type: `multipart/form-data; boundary=${boundary}`, bytes };
}

const file = (value: string | Buffer, name = 'file'): Field => ({
  name,
  value,
  fileName: 'up.bin',
  type: 'application/octet-stream',
});
const field = (name: string, value: string | Buffer): Field => ({ name, value });

suite('readings of the interface', () => {
  let gateway: TestGateway;
  before(async () => {
    gateway = await startTestGateway();
  });
  after(() => gateway.close());
  beforeEach(() => gateway.files.entries.clear());

  function send(method: string, target: string, body?: Body): Promise<RawResponse> {
    const type = body?.type === undefined ? '' : `Content-Type: ${body.type}\r\n`;
    const length = body ? `Content-Length: ${body.bytes.length}\r\n` : '';
    const head = `${method} ${target} HTTP/1.1\r\nHost: h\r\n${type}${length}\r\n`;
    const bytes = body?.bytes ?? Buffer.alloc(0);
    return rawRequest(gateway.port, Buffer.concat([Buffer.from(head), bytes]));
  }

  async function puts(target: string, body: Body, path: string, content: Buffer): Promise<void> {
    const response = await send('PUT', target, body);
    assert.equal(response.status, 200, response.body.toString());
    assert.deepEqual(gateway.files.names(), [path]);
    assert.deepEqual(gateway.files.content(path), content);
    assert.equal((await send('PUT', target, body)).status, 409);
  }

  const multipartTexts = multipart(field('path', '/a'), field('bytes', odd));

  for (const [name, target, body, path, content] of [
    ['curl -T', '/dir/a', { bytes: odd }, '/dir/a', odd],
    ['curl --data-binary, labelled a form', '/a', { type: formType, bytes: odd }, '/a', odd],
    [
      'JSON is stored as it is',
      '/a',
      { type: jsonType, bytes: Buffer.from('{"path":"/b"}') },
      '/a',
      Buffer.from('{"path":"/b"}'),
    ],
    ['curl -F file=@', '/a', multipart(file(odd)), '/a', odd],
    ['curl -F upload=@', '/a', multipart(field('note', 'x'), file(odd, 'upload')), '/a', odd],
    ['curl -F data=', '/a', multipart(field('data', odd)), '/a', odd],
    ['?path= and a raw body', '/path?path=/a%2Fb', { bytes: odd }, '/a/b', odd],
    [
      '?path= and a body labelled a form',
      '/path?path=a',
      { type: formType, bytes: odd },
      '/a',
      odd,
    ],
    ['?path= and curl -F', '/path?path=/a', multipart(file(odd)), '/a', odd],
    [
      '?path= and JSON, verbatim',
      '/path?path=/a',
      json({ bytes: 'x' }),
      '/a',
      Buffer.from('{"bytes":"x"}'),
    ],
    [
      '?path= and ?bytes=',
      '/path?path=/a&bytes=%00%FFx+y',
      { bytes: Buffer.alloc(0) },
      '/a',
      Buffer.from('\0\xffx y', 'latin1'),
    ],
    [
      'form with path and bytes',
      '/path',
      form('path=%2Fa+b&bytes=%00%FF%2B'),
      '/a b',
      Buffer.from('\0\xff+', 'latin1'),
    ],
    ['form with path and data', '/path', form('data=hello&path=/a'), '/a', Buffer.from('hello')],
    [
      'JSON with path and bytes',
      '/path',
      json({ path: '/a', bytes: 'h\u00e9' }),
      '/a',
      Buffer.from('h\u00e9'),
    ],
    [
      'JSON with path and content',
      '/path',
      json({ path: '/a%20b', content: '' }),
      '/a%20b',
      Buffer.alloc(0),
    ],
    ['JSON labelled a form', '/path', form('{"path":"/a","bytes":"x"}'), '/a', Buffer.from('x')],
    [
      'multipart with path, then file',
      '/path',
      multipart(field('path', '/a'), file(odd)),
      '/a',
      odd,
    ],
    [
      'multipart with file, then path',
      '/path',
      multipart(file(odd), field('path', '/a')),
      '/a',
      odd,
    ],
    ['multipart with path and bytes', '/path', multipartTexts, '/a', odd],
    ['a file named /path, raw', '/path', { bytes: odd }, '/path', odd],
    ['a file named /path, labelled a form', '/path', { type: formType, bytes: odd }, '/path', odd],
    ['a file named /path, JSON', '/path', json([1, 2]), '/path', Buffer.from('[1,2]')],
    ['a file named /path, curl -F', '/path', multipart(file(odd)), '/path', odd],
  ] as const) {
    test(`put: ${name}`, () => puts(target, body, path, content));
  }

  for (const [name, target, body, status] of [
    ['a form without content', '/path', form('path=/a'), 400],
    ['a form with an unknown argument', '/path', form('path=/a&bytes=x&more=y'), 400],
    ['a form with two contents', '/path', form('path=/a&bytes=x&data=y'), 400],
    ['multipart without a file', '/a', multipart(field('note', 'x')), 400],
    ['multipart with two files', '/a', multipart(file('x'), file('y', 'other')), 400],
    [
      'multipart cut short',
      '/a',
      { ...multipart(file(odd)), bytes: multipart(file(odd)).bytes.subarray(0, -10) },
      400,
    ],
    ['multipart without boundary', '/a', { type: 'multipart/form-data', bytes: odd }, 400],
    ['multipart with a bad path', '/path', multipart(field('path', '/a/../b'), file('x')), 400],
    ['content in query and body', '/path?path=/a&bytes=x', { bytes: odd }, 400],
    ['JSON bytes that are no text', '/path', json({ path: '/a', bytes: [1] }), 400],
  ] as const) {
    test(`put, refused: ${name}`, async () => {
      const response = await send('PUT', target, body);
      assert.equal(response.status, status, response.body.toString());
      assert.deepEqual(gateway.files.names(), []);
    });
  }

  test('get: as a path, as an argument, anywhere', async () => {
    await send('PUT', '/a%20b', { type: 'text/plain', bytes: odd });
    const answers = await Promise.all([
      send('GET', '/a%20b'),
      send('GET', '//a%20b'),
      send('GET', '/path?path=/a%20b'),
      send('GET', '/path?path=a+b'),
      send('GET', '/path', form('path=/a+b')),
      send('GET', '/path', json({ path: '/a b' })),
      send('GET', '/path', { bytes: Buffer.from('{"path":"/a b"}') }),
      send('GET', '/path', multipart(field('path', '/a b'))),
      send('GET', '/path?path=/other', json({ path: '/a b' })),
    ]);
    for (const answer of answers) {
      assert.equal(answer.status, 200, answer.body.toString());
      assert.deepEqual(answer.body, odd);
      assert.equal(answer.headers.get('content-type'), 'text/plain');
    }
    const head = await send('HEAD', '/path?path=/a%20b');
    assert.deepEqual([head.status, head.headers.get('content-length')], [200, `${odd.length}`]);
    assert.equal((await send('GET', '/path')).status, 404);
    assert.equal((await send('DELETE', '/path?path=/a%20b')).status, 200);
    assert.deepEqual(gateway.files.names(), []);
  });

  test('exists: one byte, wherever the path is', async () => {
    await send('PUT', '/a/b', { bytes: odd });
    const body = async (target: string, given?: Body): Promise<string> => {
      const { status, body: bytes, headers } = await send('GET', target, given);
      assert.deepEqual([status, headers.get('content-length')], [200, '1']);
      assert.equal(headers.get('content-type'), 'text/plain');
      return bytes.toString();
    };
    assert.equal(await body('/exists?path=/a/b'), '1');
    assert.equal(await body('/exists?path=a%2Fb'), '1');
    assert.equal(await body('/exists/a/b'), '1');
    assert.equal(await body('/exists', form('path=/a/b')), '1');
    assert.equal(await body('/exists', json({ path: '/a/b' })), '1');
    assert.equal(await body('/exists', multipart(field('path', '/a/b'))), '1');
    assert.equal(await body('/exists?path=/nothing', json({ path: '/a/b' })), '1');
    assert.equal(await body('/exists?path=/a'), '0');
    assert.equal(await body('/exists/a'), '0');
    assert.equal((await send('HEAD', '/exists?path=/a')).status, 200);
    assert.equal((await send('GET', '/exists')).status, 400);
    assert.equal((await send('GET', '/exists/')).status, 400);
    assert.equal((await send('GET', '/exists?path=')).status, 400);
  });

  test('copy and move: arguments by all their names, in all carriers', async () => {
    await send('PUT', '/a', { bytes: odd });
    const none = { bytes: Buffer.alloc(0) };
    for (const [target, body] of [
      ['/copy?source_path=/a&destination_path=/1', none],
      ['/copy?source=/a&destination=/2', none],
      ['/copy?src=/a&dst=/3', undefined],
      ['/copy', form('source_path=/a&destination_path=/4')],
      ['/copy', json({ source_path: '/a', destination_path: '/5' })],
      ['/copy', multipart(field('source_path', '/a'), field('destination_path', '/6'))],
      ['/copy?source_path=/a', json({ destination_path: '/7' })],
      ['/copy?src=/x&dst=/8', json({ source: '/a' })],
      ['/move?source_path=/8&destination_path=/9', none],
    ] as const) {
      const response = await send('POST', target, body);
      assert.equal(response.status, 200, `${target}: ${response.body}`);
    }
    const copies = [1, 2, 3, 4, 5, 6, 7, 9].map((number) => `/${number}`);
    assert.deepEqual(gateway.files.names(), [...copies, '/a']);
    for (const copy of copies) assert.deepEqual(gateway.files.content(copy), odd);
  });

  test('ls, rm and stat take theirs alike', async () => {
    for (const path of ['/d/1', '/d/e/2', '/d/e/3', '/x']) await send('PUT', path, { bytes: odd });
    const names = async (target: string): Promise<string[]> => {
      const { body } = await send('GET', target);
      const { entries } = JSON.parse(body.toString()) as { entries: { name: string }[] };
      return entries.map(({ name }) => name);
    };
    assert.deepEqual(await names('/ls?path=/d'), ['1', 'e']);
    assert.deepEqual(await names('/ls?path=/d/&recursive=true'), ['1', 'e/2', 'e/3']);
    assert.deepEqual(await names('/ls'), ['d', 'x']);
    assert.deepEqual(await names('/d/'), ['1', 'e']);
    assert.deepEqual(await names('/ls?path=/x'), ['x']);
    assert.deepEqual(await names('/ls?path=/d&recursive&limit=1&after=1'), ['e/2']);
    assert.equal((await send('GET', '/ls?path=/nothing')).status, 404);
    assert.equal((await send('GET', '/nothing/')).status, 404);
    assert.equal((await send('GET', '/ls?limit=0')).status, 400);
    const stat = await send('GET', '/stat?path=/x');
    const { size } = JSON.parse(stat.body.toString()) as { size: number };
    assert.deepEqual([stat.status, size], [200, odd.length]);
    assert.equal((await send('POST', '/rm', form('path=/d&recursive=1'))).status, 200);
    assert.equal((await send('POST', '/rm?path=/d&recursive=true')).status, 404);
    assert.equal((await send('POST', '/rm', json({ path: '/x', recursive: false }))).status, 200);
    assert.deepEqual(gateway.files.names(), []);
  });
});

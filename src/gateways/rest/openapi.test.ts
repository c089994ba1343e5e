import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { DftfsError, type ErrorCode } from '#base/errors.ts';
import { rawRequest } from '../../../test/support/raw-http.ts';
import { testAccess } from '../../../test/support/test-access.ts';
import { testGateway } from '../../../test/support/test-gateway.ts';
import type { NodeAdmin } from './call.ts';
import { openapi } from './openapi.ts';
import { routes } from './router.ts';

type Described = Readonly<Record<string, { readonly responses: Readonly<Record<string, object>> }>>;
const paths: Readonly<Record<string, Described>> = openapi.paths;

interface Exchange {
  readonly method: string;
  readonly pattern: string;
  readonly target: string;
  readonly headers?: string;
  readonly body?: string;
  readonly status: number;
}

const put = (target: string, body: string, status: number, headers = ''): Exchange => {
  const pattern = target.startsWith('/path') ? '/path' : '/{path}';
  return { method: 'PUT', pattern, target, body, status, headers };
};
const get = (pattern: string, target: string, status: number, headers = ''): Exchange => {
  return { method: 'GET', pattern, target, status, headers };
};
const post = (pattern: string, query: string, status: number): Exchange => {
  return { method: 'POST', pattern, target: pattern + query, body: '', status };
};
const del = (pattern: string, target: string, status: number): Exchange => {
  return { method: 'DELETE', pattern, target, status };
};
const onNode = (action: string, node: string, status: number): Exchange => {
  const target = `/-/nodes/${node}/${action}`;
  return { method: 'POST', pattern: `/-/nodes/{node}/${action}`, target, body: '', status };
};

const long = `/${'x'.repeat(1100)}`;

/** In this order, on one gateway. */
const exchanges: readonly Exchange[] = [
  put('/a', 'hello', 200),
  put('/a', 'hello', 409),
  put('/a', 'hello', 412, 'If-None-Match: *\r\n'),
  put('/b', 'hello', 422, 'Content-MD5: AAAAAAAAAAAAAAAAAAAAAA==\r\n'),
  put('/..', 'hello', 400),
  put(long, 'hello', 414),
  put('/path?path=/p', 'hello', 200),
  put('/path?path=/p', 'hello', 409),
  get('/{path}', '/a', 200),
  get('/{path}', '/a', 206, 'Range: bytes=0-1\r\n'),
  get('/{path}', '/a', 304, 'If-None-Match: *\r\n'),
  get('/{path}', '/a', 412, 'If-Match: "0"\r\n'),
  get('/{path}', '/a', 416, 'Range: bytes=9-\r\n'),
  get('/{path}', '/nothing', 404),
  get('/{path}', '/a?b=c', 400),
  get('/path', '/path?path=/p', 200),
  get('/path', '/path', 404),
  post('/-/download', '?path=/p', 200),
  get('/exists', '/exists?path=/a', 200),
  get('/exists', '/exists', 400),
  get('/exists/{path}', '/exists/a', 200),
  get('/exists/{path}', `/exists${long}`, 414),
  post('/copy', '?src=/a&dst=/c', 200),
  post('/copy', '?src=/a&dst=/c', 409),
  post('/copy', '?src=/nothing&dst=/d', 404),
  post('/copy', '', 400),
  post('/move', '?src=/c&dst=/d/e', 200),
  post('/move', '?src=/c&dst=/d/e', 404),
  get('/{folder}/', '/d/', 200),
  get('/{folder}/', '/nothing/', 404),
  get('/ls', '/ls', 200),
  get('/ls', '/ls?path=/nothing', 404),
  get('/ls', '/ls?limit=x', 400),
  get('/stat', '/stat?path=/a', 200),
  get('/stat', '/stat?path=/nothing', 404),
  get('/stat', '/stat', 400),
  del('/{path}', '/a', 200),
  del('/{path}', '/a', 404),
  del('/path', '/path?path=/p', 200),
  del('/path', '/path', 404),
  post('/rm', '?path=/d&recursive=true', 200),
  post('/rm', '?path=/d', 404),
  post('/rm', '', 400),
  get('/-/health', '/-/health', 200),
  get('/-/ready', '/-/ready', 200),
  get('/-/cluster', '/-/cluster', 200),
  get('/-/metrics', '/-/metrics', 200),
  get('/-/openapi.json', '/-/openapi.json', 200),
  get('/-/tokens', '/-/tokens', 200),
  get('/-/tokens', '/-/tokens', 401, 'Authorization: Bearer x\r\n'),
  get('/{path}', '/a', 403, 'Authorization: Bearer {reader}\r\n'),
  get('/-/token', '/-/token', 200),
  get('/-/token', '/-/token', 401, 'Authorization: Bearer x\r\n'),
  post('/-/download', '?path=/nothing', 404),
  post('/-/download', '', 400),
  post('/-/tokens', '?name=a&grants=admin', 200),
  post('/-/tokens', '?name=a&grants=everything', 400),
  del('/-/tokens/{token}', '/-/tokens/{id}', 200),
  del('/-/tokens/{token}', '/-/tokens/{id}', 404),
  get('/-/{page}', '/-/nothing', 404),
  get('/-/nodes/{node}', '/-/nodes/n1', 200),
  get('/-/nodes/{node}', '/-/nodes/n9', 404),
  get('/-/nodes/{node}', '/-/nodes/N%201', 404),
  get('/-/{page}', '/-/nodes', 404),
  get('/-/{page}', '/-/nodes/n1/reboot', 404),
  onNode('drain', 'n1', 200),
  onNode('drain', 'n2', 409),
  onNode('undrain', 'n1', 200),
  onNode('undrain', 'n9', 404),
  onNode('remove', 'n2', 409),
  onNode('remove', 'n1', 200),
];

/** Knows n1, with which all is well, and n2, which can't be spared. */
const admin: NodeAdmin = {
  describe: async (node) => known(node),
  drain: async (node) => spared(node, 'drain_refused'),
  undrain: async (node) => known(node),
  remove: async (node) => spared(node, 'removal_refused'),
};
function known(id: string) {
  if (id === 'n1' || id === 'n2') return { id };
  throw new DftfsError('node_not_found', `There is no node ${id}.`);
}
function spared(id: string, code: ErrorCode) {
  if (id === 'n2') throw new DftfsError(code, 'It is needed.');
  return known(id);
}

suite('the description of the interface', () => {
  test('names the same paths and methods as the router', () => {
    const routed = Object.entries(routes).flatMap(([pattern, methods]) =>
      Object.keys(methods).map((method) => `${method} ${pattern}`),
    );
    const described = Object.entries(paths).flatMap(([pattern, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${pattern}`),
    );
    assert.deepEqual(described.sort(), routed.sort());
  });

  test('is right about every answer, and every path and method is tried', async (context) => {
    const { access, admin: token, holding } = await testAccess(context);
    const { port } = await testGateway(context, { admin, access });
    const reader = await holding('read:/b');
    const known: Readonly<Record<string, string>> = { reader, id: reader.slice(6, 22) };
    const filled = (text: string) => text.replaceAll(/\{(\w+)\}/g, (_, name) => known[name] ?? '');
    const tried = new Set<string>();
    for (const { method, pattern, target, headers = '', body, status } of exchanges) {
      const length = body === undefined ? '' : `Content-Length: ${body.length}\r\n`;
      const shown = headers.includes('Authorization') ? '' : `Authorization: Bearer ${token}\r\n`;
      const line = `${method} ${target} HTTP/1.1\r\nHost: h\r\n`;
      const head = filled(`${line}${headers}${shown}${length}\r\n`);
      const response = await rawRequest(port, head + (body ?? ''));
      const what = `${method} ${target.slice(0, 40)}`;
      assert.equal(response.status, status, `${what}: ${response.body}`);
      const described = paths[pattern]?.[method.toLowerCase()];
      assert.ok(described, `${what} is described`);
      assert.ok(Object.hasOwn(described.responses, status), `${what} may answer ${status}`);
      tried.add(`${method} ${pattern}`);
    }
    for (const [pattern, operations] of Object.entries(paths)) {
      for (const method of Object.keys(operations).map((name) => name.toUpperCase())) {
        if (method !== 'HEAD') assert.ok(tried.has(`${method} ${pattern}`), `${method} ${pattern}`);
      }
    }
  });

  test('is served', async (context) => {
    const { url } = await testGateway(context);
    assert.deepEqual(await (await fetch(`${url}/-/openapi.json`)).json(), openapi);
  });
});

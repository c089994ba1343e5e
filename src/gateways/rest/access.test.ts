import assert from 'node:assert/strict';
import { suite, type TestContext, test } from 'node:test';
import type { NodeAdmin } from '#gateways/rest/call.ts';
import type { AuditEntry } from '#observe/audit-log.ts';
import { rawRequest } from '../../../test/support/raw-http.ts';
import { bearing, testAccess } from '../../../test/support/test-access.ts';
import { testGateway } from '../../../test/support/test-gateway.ts';

const admin: NodeAdmin = {
  describe: async (id) => ({ id }),
  drain: async (id) => ({ id }),
  undrain: async (id) => ({ id }),
  remove: async (id) => ({ id }),
};

async function guarded(context: TestContext, options = {}) {
  const entries: AuditEntry[] = [];
  const audit = { record: (entry: AuditEntry) => void entries.push(entry) };
  const setup = await testAccess(context, options);
  const { access } = setup;
  const gateway = await testGateway(context, { access, audit, admin, logLevel: 'debug' });
  const call = (method: string, target: string, token?: string, body?: string) =>
    fetch(gateway.url + target, {
      method,
      ...(token === undefined ? {} : { headers: bearing(token) }),
      ...(body === undefined ? {} : { body }),
    });
  return { ...setup, gateway, entries, call };
}

type Asked = readonly [method: string, target: string, body?: string];

/** Whatever works on files or tells of them, on /a/x, and from there to /b/y. */
const operations: Readonly<Record<string, readonly Asked[]>> = {
  read: [
    ['GET', '/a/x'],
    ['HEAD', '/a/x'],
    ['GET', '/path?path=/a/x'],
    ['GET', '/exists?path=/a/x'],
    ['GET', '/exists/a/x'],
    ['GET', '/stat?path=/a/x'],
  ],
  list: [
    ['GET', '/ls?path=/a'],
    ['GET', '/ls?path=/a&recursive=true'],
    ['GET', '/a/'],
    ['GET', '/ls?path=/a/x'],
  ],
  write: [
    ['PUT', '/a/new', 'hello'],
    ['PUT', '/path?path=/a/newer', 'hello'],
  ],
  delete: [
    ['DELETE', '/a/x'],
    ['POST', '/rm?path=/a/x'],
    ['POST', '/rm?path=/a&recursive=true'],
  ],
};

suite('who may do what', () => {
  test('without a token, or with one of nobody’s, nothing', async (context) => {
    const { call, holding, access, gateway } = await guarded(context);
    const revoked = await holding('admin');
    await access.tokens.revoke(revoked.slice(6, 22));
    const asked = [...Object.values(operations).flat(), ...pages.map(([, ...page]) => page)];
    for (const token of [undefined, '', 'x', revoked]) {
      for (const [method, target, body] of asked) {
        const response = await call(method, target, token, body);
        assert.equal(response.status, 401, `${method} ${target}`);
        assert.equal(response.headers.get('www-authenticate'), 'Bearer realm="dftfs"');
        if (method === 'HEAD') continue;
        const { code, outcome } = (await response.json()) as Record<string, string>;
        assert.deepEqual([code, outcome], ['unauthenticated', 'none']);
      }
    }
    assert.deepEqual(gateway.files.names(), []);
  });

  test('with a right, what it is for and no more; beside its path, nothing', async (context) => {
    const { call, holding, gateway, admin } = await guarded(context);
    const { files } = gateway;
    for (const [right, asked] of Object.entries(operations)) {
      const rights = Object.keys(operations);
      const others = rights.filter((one) => one !== right).join(',');
      const tokens = {
        right: await holding(`${right}:/a`),
        others: await holding(`${others}:/a`),
        beside: await holding('read,write,delete,list:/a/xy', 'read,write,delete,list:/b'),
      };
      for (const [method, target, body] of asked) {
        const what = `${right}: ${method} ${target}`;
        await call('POST', '/rm?path=/a&recursive=true', admin);
        assert.equal((await call('PUT', '/a/x', admin, 'hello')).status, 200);
        const before = files.names();
        for (const token of [tokens.others, tokens.beside]) {
          const response = await call(method, target, token, body);
          assert.equal(response.status, 403, what);
          if (method !== 'HEAD') assert.match(await response.text(), /has no right to/);
        }
        assert.deepEqual(files.names(), before, what);
        assert.equal((await call(method, target, tokens.right, body)).status, 200, what);
      }
    }
  });

  test('a copy and a move need rights at both ends', async (context) => {
    const { call, holding, gateway, admin } = await guarded(context);
    const ends = '?source_path=/a/x&destination_path=/b/y';
    const cases: readonly (readonly [string, readonly string[], number])[] = [
      ['/copy', ['read:/a', 'write:/b'], 200],
      ['/copy', ['read:/a'], 403],
      ['/copy', ['write:/b'], 403],
      ['/copy', ['read,write,delete,list:/a'], 403],
      ['/copy', ['read,write,delete,list:/b'], 403],
      ['/move', ['read,delete:/a', 'write:/b'], 200],
      ['/move', ['read:/a', 'write:/b'], 403],
      ['/move', ['delete:/a', 'write:/b'], 403],
      ['/move', ['read,delete:/a', 'read,delete:/b'], 403],
      ['/move', ['read,write,delete,list:/b'], 403],
    ];
    for (const [verb, grants, status] of cases) {
      await call('POST', '/rm?path=/&recursive=true', admin);
      await call('PUT', '/a/x', admin, 'hello');
      const response = await call('POST', verb + ends, await holding(...grants));
      assert.equal(response.status, status, `${verb} ${grants}`);
      if (status === 403) assert.deepEqual(gateway.files.names(), ['/a/x'], `${verb} ${grants}`);
    }
  });

  test('paths are decoded before they are judged', async (context) => {
    const { call, holding, gateway, admin } = await guarded(context);
    await call('PUT', '/b/secret', admin, 'hello');
    const token = await holding('read:/a');
    const tries = ['/a/../b/secret', '/a/%2e%2e/b/secret', '/a%2f..%2fb/secret', '//b//secret'];
    for (const target of [
      ...tries,
      '/%62/secret',
      '/path?path=a/../b/secret',
      '/exists/b/secret',
    ]) {
      const head = `GET ${target} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer ${token}\r\n\r\n`;
      const { status, body } = await rawRequest(gateway.port, head);
      assert.ok(status === 400 || status === 403, `${target}: ${status}`);
      assert.doesNotMatch(body.toString(), /hello/);
    }
  });

  test('a put that is refused is refused before its body', async (context) => {
    const { holding, gateway } = await guarded(context);
    const token = await holding('read:/');
    const head = `PUT /a HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer ${token}\r\n`;
    const expecting = `${head}Expect: 100-continue\r\nContent-Length: 100000\r\n\r\n`;
    const answer = await rawRequest(gateway.port, expecting);
    assert.equal(answer.status, 403);
    const stranger = `PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n`;
    assert.equal((await rawRequest(gateway.port, stranger)).status, 401);
  });
});

/** By who may: anybody, who may read the page, an administrator. */
const open: readonly Asked[] = [
  ['GET', '/-/health'],
  ['GET', '/-/ready'],
  ['GET', '/-/openapi.json'],
];
const pages: readonly (readonly ['reader' | 'administrator', ...Asked])[] = [
  ['reader', 'GET', '/-/cluster'],
  ['reader', 'GET', '/-/metrics'],
  ['reader', 'GET', '/-/nodes/n1'],
  ['administrator', 'POST', '/-/nodes/n1/drain'],
  ['administrator', 'POST', '/-/nodes/n1/undrain'],
  ['administrator', 'POST', '/-/nodes/n1/remove'],
  ['administrator', 'GET', '/-/tokens'],
  ['administrator', 'POST', '/-/tokens?name=a&grants=read:/'],
];

test('pages are for those who are named, but for what balancers and browsers ask', async (context) => {
  const { call, holding, admin } = await guarded(context);
  for (const [method, target] of open)
    assert.equal((await call(method, target)).status, 200, target);
  assert.equal((await call('GET', '/-/nothing')).status, 404);
  const files = await holding('read,write,delete,list:/');
  const reader = await holding('read,write,delete,list:/-');
  for (const [asker, method, target] of pages) {
    assert.equal((await call(method, target, files)).status, 403, target);
    assert.equal(
      (await call(method, target, reader)).status,
      asker === 'reader' ? 200 : 403,
      target,
    );
    assert.equal((await call(method, target, admin)).status, 200, target);
  }
});

test('tokens are made, shown without their secrets, and revoked', async (context) => {
  const { call, admin, entries, gateway } = await guarded(context);
  const body = JSON.stringify({ name: 'ci', grants: 'read,list:/ci\nwrite:/ci/out' });
  const created = await call('POST', '/-/tokens', admin, body);
  assert.equal(created.headers.get('cache-control'), 'no-store');
  const { id, token } = (await created.json()) as Record<string, string>;
  assert.equal((await call('PUT', '/ci/out/a', token, 'hello')).status, 200);
  const listed = await (await call('GET', '/-/tokens', admin)).text();
  const found = (JSON.parse(listed) as { tokens: Record<string, unknown>[] }).tokens;
  const { created: at, ...shown } = found.find((one) => one.id === id) ?? {};
  const grants = ['read,list:/ci', 'write:/ci/out'];
  assert.deepEqual(shown, { id, name: 'ci', grants, createdBy: 'first-admin' });
  assert.ok(!Number.isNaN(Date.parse(String(at))));
  assert.ok(!listed.includes(String(token)));
  assert.equal((await call('DELETE', `/-/tokens/${id}`, admin)).status, 200);
  assert.equal((await call('GET', '/ci/out/a', token)).status, 401);
  assert.equal((await call('DELETE', `/-/tokens/${id}`, admin)).status, 404);
  const first = found.find(({ name }) => name === 'first-admin')?.id;
  assert.equal((await call('DELETE', `/-/tokens/${first}`, admin)).status, 409);
  assert.deepEqual(
    entries.map(({ operation, path, who }) => [operation, path, who.name]),
    [
      ['tokens', `/-/tokens/${id}`, 'first-admin'],
      ['put', '/ci/out/a', 'ci'],
      ['tokens', `/-/tokens/${id}`, 'first-admin'],
    ],
  );
  assert.equal(entries[1]?.who.token, id);
  const told = [...gateway.logged, JSON.stringify(entries)].join('\n');
  assert.ok(told.includes(String(id)));
  for (const text of [String(token), admin]) assert.ok(!told.includes(text.slice(23)));
});

test('whoever shows a token is told what it allows, and nobody else is', async (context) => {
  const { call, holding } = await guarded(context);
  const token = await holding('read,list:/a', 'write:/a/in');
  const answer = await call('GET', '/-/token', token);
  assert.equal(answer.headers.get('cache-control'), 'no-store');
  const [id, grants] = [token.slice(6, 22), ['read,list:/a', 'write:/a/in']];
  assert.deepEqual(await answer.json(), { id, name: 'token-1', grants });
  assert.equal((await call('GET', '/-/token')).status, 401);
});

test('where tokens are off there are none', async (context) => {
  const { url } = await testGateway(context);
  for (const page of ['tokens', 'token']) {
    const response = await fetch(`${url}/-/${page}`);
    assert.equal(response.status, 404);
    assert.match(await response.text(), /switched off/);
  }
  // Somebody who sends one all the same is served.
  assert.equal((await fetch(`${url}/exists?path=/a`, { headers: bearing('x') })).status, 200);
});

test('a token that has too much under way waits, the others don’t; what ends makes room', async (context) => {
  const { gateway, holding, access, call } = await guarded(context, { requestsPerTokenMax: 1 });
  const [token, other] = [await holding('read,write:/'), await holding('read:/')];
  const identity = await access.identify(`Bearer ${token}`);
  access.enter(identity);
  const refused = await call('GET', '/exists?path=/a', token);
  assert.deepEqual([refused.status, refused.headers.get('retry-after')], [429, '1']);
  assert.equal((await call('GET', '/exists?path=/a', other)).status, 200);
  access.leave(identity);
  for (let nth = 0; nth < 3; nth++) {
    assert.equal((await call('GET', '/exists?path=/a', token)).status, 200);
    assert.equal((await call('GET', '/nothing', token)).status, 404);
  }
  assert.equal(
    gateway.logged.some((line) => line.includes('"level":"error"')),
    false,
  );
});

test('a token that comes twice is no token', async (context) => {
  const { gateway, admin } = await guarded(context);
  const field = `Authorization: Bearer ${admin}\r\n`;
  const twice = `GET /a HTTP/1.1\r\nHost: h\r\n${field}${field}\r\n`;
  assert.equal((await rawRequest(gateway.port, twice)).status, 400);
});

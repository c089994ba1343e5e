/** Very many small files: put, listed whole and in order, removed; in bounded memory. */
import assert from 'node:assert/strict';
import http from 'node:http';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { isFullForm } from '../support/full-form.ts';
import { httpCall } from '../support/http-call.ts';
import { KeepAliveClients } from '../support/keep-alive-clients.ts';
import { withLocalCluster } from '../support/local-cluster.ts';
import { memoryGrowth } from '../support/memory-growth.ts';
import { sideBySide } from '../support/side-by-side.ts';

const count = isFullForm ? 100_000 : 10_000;
const folders = 100;
const clients = 64;
/** What a busy JavaScript heap grows to before it is swept in earnest, whatever the count. */
const nodeGrowthMaxMiB = 256;
const patienceMs = 300_000;

/** Some names sort before and after the slash of a folder of the same name; some aren't ASCII. */
const tails = ['', '-', '0', '/a', '/é', '/\u{1f600}'];

const names = Array.from({ length: count }, (_, n) => {
  const folder = `d${String(n % folders).padStart(2, '0')}`;
  const nth = Math.floor(n / folders);
  const number = String(Math.floor(nth / tails.length)).padStart(4, '0');
  return `${folder}/${number}${tails[nth % tails.length]}`;
});

const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
const inOrder = [...names].sort(byBytes);

/** One level of a folder: files, and folders with a slash. */
function levelOf(folder: string): string[] {
  const inside = inOrder.filter((name) => name.startsWith(folder));
  const tokens = inside.map((name) => {
    const slash = name.indexOf('/', folder.length);
    return name.slice(folder.length, slash < 0 ? undefined : slash + 1);
  });
  return [...new Set(tokens)].sort(byBytes);
}

interface Entry {
  readonly name: string;
  readonly kind: 'file' | 'folder';
}

const tokenOf = ({ name, kind }: Entry) => (kind === 'folder' ? `${name}/` : name);

/** All pages of a listing; each but the last must be full. */
async function pages(url: string, query: string, limit: number): Promise<string[]> {
  const found: string[] = [];
  for (let after: string | undefined = ''; after !== undefined; ) {
    const from: string = after === '' ? '' : `&after=${encodeURIComponent(after)}`;
    const target = `${url}/ls?${query}&limit=${limit}${from}`;
    const { status, body } = await httpCall('GET', target);
    assert.equal(status, 200, `${target}: ${body}`);
    const page = JSON.parse(body.toString()) as { entries: Entry[]; next?: string };
    if (page.next !== undefined) assert.equal(page.entries.length, limit, target);
    found.push(...page.entries.map(tokenOf));
    after = page.next;
  }
  return found;
}

async function streamed(url: string): Promise<string[]> {
  const headers = { accept: 'application/x-ndjson' };
  const target = `${url}/ls?path=/many&recursive=true`;
  const response = await new Promise<http.IncomingMessage>((resolve, reject) =>
    http.get(target, { agent: false, headers }, resolve).on('error', reject),
  );
  assert.equal(response.statusCode, 200);
  const found: string[] = [];
  for await (const line of createInterface(response)) found.push(tokenOf(JSON.parse(line)));
  return found;
}

async function timed<T>(t: TestContext, what: string, work: () => Promise<T>): Promise<T> {
  const began = performance.now();
  const result = await work();
  t.diagnostic(`${what}: ${((performance.now() - began) / 1000).toFixed(1)} s`);
  return result;
}

async function putAll(url: string): Promise<void> {
  const program = new KeepAliveClients(clients);
  try {
    await sideBySide(names, clients, async (name) => {
      const body = Buffer.from(name);
      const answer = await program.call('PUT', `${url}/many/${encodeURI(name)}`, body);
      assert.equal(answer.status, 200, `put ${name}: ${answer.body}`);
    });
  } finally {
    program.close();
  }
}

/** The same, but with a message of bounded size. */
function assertSame(found: readonly string[], expected: readonly string[], what: string): void {
  const at = expected.findIndex((name, index) => name !== found[index]);
  assert.ok(at < 0, `${what}: at ${at} stands ${found[at]} in place of ${expected[at]}`);
  assert.equal(found.length, expected.length, what);
}

async function listAll(t: TestContext, url: string): Promise<void> {
  const all = await timed(t, 'listed in pages of 1,000', () =>
    pages(url, 'path=/many&recursive=true', 1000),
  );
  assertSame(all, inOrder, 'recursive');
  assertSame(await timed(t, 'listed as a stream', () => streamed(url)), inOrder, 'stream');
  const top = await timed(t, 'folders listed in pages of 7', () => pages(url, 'path=/many', 7));
  assertSame(top, levelOf(''), 'one level');
  const level = await timed(t, 'a folder listed in pages of 13', () =>
    pages(url, 'path=/many/d42', 13),
  );
  assertSame(level, levelOf('d42/'), 'a folder');
}

async function removeAll(url: string): Promise<void> {
  const options = { timeoutMs: patienceMs };
  const { status, body } = await httpCall('POST', `${url}/rm?path=/many&recursive=true`, options);
  assert.equal(status, 200, body.toString());
  assert.deepEqual(JSON.parse(body.toString()), { removed: count });
  assert.equal((await httpCall('GET', `${url}/ls?path=/many`)).status, 404);
}

test(`${count} files are put, listed and removed`, async (t) => {
  await withLocalCluster(async (cluster) => {
    const { url } = cluster;
    const growth = await memoryGrowth(cluster, async () => {
      await timed(t, 'put', () => putAll(url));
      await listAll(t, url);
      await timed(t, 'removed', () => removeAll(url));
    });
    t.diagnostic(`growth in MiB: ${JSON.stringify(Object.fromEntries(growth))}`);
    for (const name of cluster.nodeUrls.keys()) {
      assert.ok((growth.get(name) ?? 0) <= nodeGrowthMaxMiB, `${name} grew too much`);
    }
  });
});

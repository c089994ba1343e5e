/** A set of files in a cluster, and a pass over every endpoint that a client of it would make. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { httpCall } from './http-call.ts';

const sizes = [0, 1, 100, 4096, 65_537, 262_144, 262_145, 1_048_576, 1_048_577, 3_500_000];

/** Bytes that anyone can make again from a seed. */
export function seededBytes(seed: string, size: number): Buffer {
  const block = createHash('sha512').update(seed).digest();
  const bytes = Buffer.alloc(size);
  for (let at = 0; at < size; at += 64) {
    block.writeUInt32LE(at, 0);
    block.copy(bytes, at);
  }
  return bytes;
}

export interface LoadedFile {
  readonly path: string;
  readonly bytes: Buffer;
}

export async function loadFiles(url: string, count: number, folder = '/set') {
  const files: LoadedFile[] = [];
  for (let n = 0; n < count; n++) {
    const path = `${folder}/file-${n}`;
    const bytes = seededBytes(path, sizes[n % sizes.length] as number);
    const answer = await httpCall('PUT', url + path, { body: bytes });
    assert.equal(answer.status, 200, `put ${path}: ${answer.body}`);
    files.push({ path, bytes });
  }
  return files;
}

export async function assertReadable(url: string, files: readonly LoadedFile[]): Promise<void> {
  for (const { path, bytes } of files) {
    const answer = await httpCall('GET', url + path);
    assert.equal(
      answer.status,
      200,
      `get ${path}: ${answer.status} ${answer.body.subarray(0, 300)}`,
    );
    assert.ok(answer.body.equals(bytes), `${path} differs`);
  }
}

/** One call of the pass, before its answer is judged. */
export interface EndpointCall {
  readonly endpoint: string;
  readonly ms: number;
  /** Undefined: none came. */
  readonly status: number | undefined;
  readonly expected: number;
}

const endpointsByMethod: Readonly<Record<string, string>> = { PUT: 'put', DELETE: 'delete' };

const endpointOf = (method: string, target: string): string =>
  /^\/(exists|copy|move|stat|ls|rm)(?=[?]|$)/.exec(target)?.[1] ??
  endpointsByMethod[method] ??
  'get';

/** Uses every endpoint, with names under `folder`, which must be new. */
export async function assertEveryEndpoint(
  url: string,
  folder: string,
  onCall: (call: EndpointCall) => void = () => {},
): Promise<void> {
  const expect = async (status: number, method: string, target: string, body?: Buffer | string) => {
    const form = typeof body === 'string' ? 'application/x-www-form-urlencoded' : undefined;
    const options = {
      ...(body === undefined ? {} : { body }),
      ...(form === undefined ? {} : { headers: { 'content-type': form } }),
    };
    const call = { endpoint: endpointOf(method, target), expected: status };
    const began = performance.now();
    const came = (got: number | undefined) =>
      onCall({ ...call, ms: performance.now() - began, status: got });
    const answer = await httpCall(method, url + target, options).catch((error) => {
      came(undefined);
      throw error;
    });
    came(answer.status);
    assert.equal(answer.status, status, `${method} ${target}: ${answer.status} ${answer.body}`);
    return answer.body;
  };
  const exists = async (path: string) => String(await expect(200, 'GET', `/exists?path=${path}`));
  const small = seededBytes(folder, 1000);
  const large = seededBytes(`${folder}/large`, 700_000);
  const [a, b, c] = [`${folder}/a`, `${folder}/b`, `${folder}/c`];

  assert.equal(await exists(a), '0');
  await expect(200, 'PUT', a, small);
  await expect(409, 'PUT', a, large);
  await expect(200, 'PUT', b, large);
  assert.equal(await exists(a), '1');
  assert.ok((await expect(200, 'GET', a)).equals(small));
  assert.ok((await expect(200, 'GET', b)).equals(large));
  await expect(200, 'POST', '/copy', `source_path=${a}&destination_path=${c}`);
  await expect(409, 'POST', '/copy', `source_path=${a}&destination_path=${c}`);
  await expect(404, 'POST', '/copy', `source_path=${folder}/none&destination_path=${folder}/d`);
  assert.ok((await expect(200, 'GET', c)).equals(small));
  await expect(200, 'POST', '/move', `source_path=${c}&destination_path=${folder}/d`);
  await expect(404, 'GET', c);
  await expect(200, 'GET', `/stat?path=${folder}/d`);
  const listed = JSON.parse(String(await expect(200, 'GET', `/ls?path=${folder}`)));
  const names = listed.entries.map((entry: { name: string }) => entry.name);
  assert.deepEqual(names, ['a', 'b', 'd']);
  await expect(200, 'DELETE', a);
  await expect(404, 'GET', a);
  assert.ok((await expect(200, 'GET', `${folder}/d`)).equals(small));
  await expect(200, 'POST', '/rm', `path=${folder}&recursive=true`);
  await expect(404, 'GET', `/ls?path=${folder}`);
}

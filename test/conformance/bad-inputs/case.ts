/**
 * A bad input, sent by the byte, and what must be answered. After each case a sentinel file is as
 * it was, and the only new names are those that the case says it creates. The same cases run
 * against a gateway over memory and against a cluster.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { codeOf, RawConnection, type RawResponse, rawRequest } from '../../support/raw-http.ts';
import type { TestGatewaySetup } from '../../support/test-gateway.ts';

export interface Expected {
  readonly status: number | readonly number[];
  readonly code?: string;
  /** The answer says so and the connection ends. */
  readonly closes?: true;
  readonly header?: readonly [name: string, value: RegExp];
}

export interface BadInput {
  /** In the register of bad inputs, 1 to 72. */
  readonly row: number;
  readonly name: string;
  /** One request and its answer … */
  readonly send?: (probe: Probe) => string | Buffer;
  readonly expect?: Expected;
  /** … or a conversation. */
  readonly run?: (probe: Probe) => Promise<void>;
  /** New names in the case's own folder, without it. */
  readonly creates?: readonly string[];
  /** Runs only against a gateway of its own, set up so. */
  readonly setup?: TestGatewaySetup;
  /** Not met, and why. */
  readonly unmet?: string;
}

export class Probe {
  readonly port: number;
  /** The case's own folder: `/case-…`. */
  readonly folder: string;
  readonly sentinel: string;
  readonly sentinelBody: string;

  constructor(port: number, id = randomBytes(6).toString('hex')) {
    this.port = port;
    this.folder = `/case-${id}`;
    this.sentinel = `${this.folder}/sentinel`;
    this.sentinelBody = `sentinel ${id}`;
  }

  /** A PUT with a length. `target` is under the case's folder. */
  put(target: string, body = 'x', headers = ''): string {
    return `PUT ${this.folder}${target} HTTP/1.1\r\nHost: h\r\nContent-Length: ${body.length}\r\n${headers}\r\n${body}`;
  }

  /** Any request with a head alone. */
  head(method: string, target: string, headers = ''): string {
    return `${method} ${this.folder}${target} HTTP/1.1\r\nHost: h\r\n${headers}\r\n`;
  }

  get(target: string, headers = ''): string {
    return this.head('GET', target, headers);
  }

  /** To an endpoint, not under the case's folder. */
  post(target: string): string {
    return `POST ${target} HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n`;
  }

  request(data: string | Buffer): Promise<RawResponse> {
    return rawRequest(this.port, data);
  }

  connect(): RawConnection {
    return new RawConnection(this.port);
  }

  /** On a connection that is closed whatever happens. */
  async talk(run: (connection: RawConnection) => Promise<void>): Promise<void> {
    const connection = this.connect();
    try {
      await run(connection);
    } finally {
      connection.close();
    }
  }

  async names(): Promise<string[]> {
    const path = encodeURIComponent(this.folder);
    const target = `/ls?recursive=true&path=${path}`;
    const headers = 'Host: h\r\nAccept: application/x-ndjson\r\n';
    const response = await this.request(`GET ${target} HTTP/1.1\r\n${headers}\r\n`);
    assert.equal(response.status, 200);
    const lines = response.body.toString().trim().split('\n');
    return lines.map((line) => (JSON.parse(line) as { name: string }).name).sort();
  }

  /** Everything outside the case's folder, one level of it. */
  async neighbours(): Promise<string[]> {
    const target = '/ls?path=/&limit=1000';
    const response = await this.request(`GET ${target} HTTP/1.1\r\nHost: h\r\n\r\n`);
    const { entries } = JSON.parse(response.body.toString()) as { entries: { name: string }[] };
    return entries.map(({ name }) => name).filter((name) => !name.startsWith('case-'));
  }
}

export function check(response: RawResponse, expected: Expected): void {
  const statuses = [expected.status].flat();
  const shown = `${response.status} ${response.body.toString()}`;
  assert.ok(statuses.includes(response.status), `wanted ${statuses}, got ${shown}`);
  if (expected.code !== undefined) assert.equal(codeOf(response), expected.code, shown);
  if (expected.closes) assert.equal(response.headers.get('connection'), 'close', shown);
  if (expected.header) {
    const [name, value] = expected.header;
    assert.match(response.headers.get(name) ?? '', value, shown);
  }
  assert.match(response.headers.get('x-request-id') ?? '', /./, 'every answer has a request id');
}

/** Runs one case against the gateway on `port` and checks that it has harmed nothing. */
export async function runCase(input: BadInput, port: number): Promise<void> {
  const probe = new Probe(port);
  const put = await probe.request(probe.put('/sentinel', probe.sentinelBody));
  assert.equal(put.status, 200, `the sentinel: ${put.status} ${put.body}`);
  const before = await probe.neighbours();
  if (input.run) await input.run(probe);
  else await sendAndCheck(input, probe);
  const after = await probe.request(probe.get('/sentinel'));
  assert.equal(after.status, 200);
  assert.equal(after.body.toString(), probe.sentinelBody);
  assert.deepEqual(await probe.names(), ['sentinel', ...(input.creates ?? [])].sort());
  assert.deepEqual(await probe.neighbours(), before);
}

async function sendAndCheck({ send, expect }: BadInput, probe: Probe): Promise<void> {
  assert.ok(send && expect, 'a case has either a conversation or a request and its answer');
  await probe.talk(async (connection) => {
    const data = send(probe);
    connection.send(data);
    const bodyless = data.toString('latin1').startsWith('HEAD ');
    check(await connection.response(bodyless), expect);
    if (expect.closes) await connection.ended();
  });
}

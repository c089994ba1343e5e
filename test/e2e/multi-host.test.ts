/**
 * Three machines as docs/multi-host.md sets them up: each with an address of its own, a member of
 * etcd, two nodes, and clients; TLS and tokens are on. Everything is done by the commands that an
 * operator has. One machine's cable is taken out and put back.
 */
import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { etcdEnvironment, findEtcd } from '#app/local/etcd-binary.ts';
import { projectFolder } from '#app/local/project.ts';
import { exitCodes } from '#cli/exit-codes.ts';
import type { ClusterStatus } from '#client/index.ts';
import { seededBytes } from '../support/every-endpoint.ts';
import { Machines, whyNoMachines } from '../support/machines.ts';
import { runProgram } from '../support/run-program.ts';
import { until } from '../support/until.ts';

const names = ['alpha', 'beta', 'gamma'];
const command = [process.execPath, path.join(projectFolder, 'src/app/dftfs.ts')];
const { unavailable } = exitCodes;
const large = seededBytes('large', 3_000_000);

const oneRequest = `
const [, url, token] = process.argv;
fetch(url, { headers: { authorization: 'Bearer ' + token } })
  .then((answer) => console.log(answer.status), () => console.log(0));
`;

class Site {
  readonly machines = new Machines(names);
  readonly #folder: string;
  readonly #kept: string;

  constructor(folder: string) {
    this.#folder = folder;
    this.#kept = path.join(folder, 'cluster');
  }

  /** What the guide says: prepare, copy each folder to its machine, start. */
  async start(): Promise<void> {
    await this.machines.connect();
    const given = names.flatMap((name) => ['--machine', `${name}=${this.machines.address(name)}`]);
    const [node = '', ...program] = command;
    const prepared = await runProgram(node, [...program, 'prepare', this.#kept, ...given]).ended;
    assert.equal(prepared.code, 0, prepared.stderr);
    for (const name of names) {
      await cp(path.join(this.#kept, 'machines', name), this.home(name), { recursive: true });
    }
    const etcd = await findEtcd();
    for (const name of names) {
      const lines = (await readFile(path.join(this.home(name), 'etcd/etcd.env'), 'utf8')).split(
        '\n',
      );
      const settings = lines.filter(Boolean).map((line) => line.split(/=(.*)/s).slice(0, 2));
      const env = { ...etcdEnvironment(), ...Object.fromEntries(settings) };
      this.machines.start(name, this.log(name, 'etcd'), this.home(name), [etcd], env);
      for (const node of this.nodesOf(name)) this.startNode(name, node);
    }
    for (const name of names) {
      await until(`${name} is ready`, async () => {
        return (await this.asked(name, '/-/ready')) === 200 || undefined;
      });
    }
  }

  startNode(name: string, node: string): void {
    const words = [...command, 'node', '--config', path.join(this.home(name), node, 'config.json')];
    this.machines.start(name, this.log(name, node), this.home(name), words);
  }

  nodesOf = (name: string): string[] => [`${name}-1`, `${name}-2`];
  home = (name: string): string => path.join(this.#folder, name);
  log = (name: string, what: string): string => path.join(this.#folder, `${name}-${what}.log`);

  /** What its first node answers to one request from there, without a second try. */
  async asked(name: string, target: string): Promise<number> {
    const environment = await this.#environment(name);
    const url = environment.DFTFS_ENDPOINT.split(',')[0] + target;
    const words = [process.execPath, '-e', oneRequest, url, environment.DFTFS_TOKEN];
    const trust = { NODE_EXTRA_CA_CERTS: environment.DFTFS_CA };
    return Number((await this.machines.run(name, words, trust).ended).stdout);
  }

  /** Again, where it is told that nothing was done: whoever is away has to be missed first. */
  async put(name: string, file: string, content: Buffer): Promise<void> {
    await until(`put ${file} at ${name}`, async () => {
      const { code, stderr } = await this.#say(name, ['put', '-q', '-', file], content);
      assert.ok(code === 0 || code === unavailable.code, `put ${file} at ${name}: ${stderr}`);
      return code === 0 || undefined;
    });
  }

  /** A checksum is compared on the way. */
  async assertHas(name: string, file: string, content: Buffer): Promise<void> {
    const to = path.join(this.#folder, 'read-back');
    const { code, stderr } = await this.#say(name, ['get', '-q', file, to]);
    assert.equal(code, 0, `get ${file} at ${name}: ${stderr}`);
    assert.ok((await readFile(to)).equals(content), `${file} at ${name} differs`);
  }

  async status(name: string): Promise<ClusterStatus> {
    const { code, stdout, stderr } = await this.#say(name, ['cluster', 'status', '--json']);
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout) as ClusterStatus;
  }

  /** As somebody at that machine, who knows its own doors. */
  async #say(name: string, words: readonly string[], input?: Buffer) {
    const environment = await this.#environment(name);
    return this.machines.run(name, [...command, ...words], environment, input).ended;
  }

  async #environment(name: string) {
    const address = this.machines.address(name);
    return {
      HOME: '/nonexistent',
      DFTFS_ENDPOINT: `https://${address}:8080,https://${address}:8081`,
      DFTFS_CA: path.join(this.#kept, 'tls/ca.crt'),
      DFTFS_TOKEN: (await readFile(path.join(this.#kept, 'admin-token'), 'utf8')).trim(),
    };
  }
}

async function withSite(context: TestContext, use: (site: Site) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'dftfs-machines-'));
  const site = new Site(folder);
  let isFine = false;
  context.after(async () => {
    await site.machines.release();
    if (isFine) await rm(folder, { recursive: true, force: true });
    else context.diagnostic(`all that was there is kept in ${folder}`);
  });
  await site.start();
  await use(site);
  isFine = true;
}

const healed = (site: Site, name: string) =>
  until(`all is well, as ${name} sees it`, async () => {
    const { nodes, protection, names: etcd } = await site.status(name);
    const isWell =
      nodes.length === 6 &&
      nodes.every(({ live, disk }) => live && disk !== undefined) &&
      etcd.members.every(({ healthy }) => healthy) &&
      protection.underProtected.volumes === 0;
    return isWell || undefined;
  });

test('three machines with TLS and tokens, one of them cut off for a while', async (context) => {
  const reason = await whyNoMachines();
  if (reason !== undefined) return context.skip(reason);
  await withSite(context, async (site) => {
    await healed(site, 'beta');
    const { nodes } = await site.status('alpha');
    assert.deepEqual([...new Set(nodes.map(({ zone }) => zone))].sort(), names);
    for (const name of names) await site.put(name, `/from-${name}`, large);
    for (const [nth, name] of names.entries()) {
      await site.assertHas(name, `/from-${names[(nth + 1) % names.length]}`, large);
    }
    await site.machines.plug('gamma', 'down');
    await site.put('alpha', '/meanwhile', large);
    await site.assertHas('beta', '/meanwhile', large);
    await site.assertHas('beta', '/from-gamma', large);
    // It doesn't know, and says nothing else: neither that the file is there nor that it isn't.
    assert.equal(await site.asked('gamma', '/meanwhile'), 503);
    await site.machines.plug('gamma', 'up');
    await until('gamma is back', async () => {
      return (await site.asked('gamma', '/meanwhile')) === 200 || undefined;
    });
    await site.assertHas('gamma', '/meanwhile', large);
    await site.put('gamma', '/after', large);
    await site.assertHas('alpha', '/after', large);
    await healed(site, 'gamma');
  });
});

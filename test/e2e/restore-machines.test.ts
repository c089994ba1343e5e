/**
 * The drill of docs/multi-host.md: names of three machines are backed up, changed, and restored
 * into an etcd of three members that are begun anew, one of them late. The machines are three
 * addresses of this one, each with a folder, a member and a node of its own; everything is done by
 * an operator's commands.
 */
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { etcdEnvironment, findEtcd } from '#app/local/etcd-binary.ts';
import { projectFolder } from '#app/local/project.ts';
import { exitCodes } from '#cli/exit-codes.ts';
import { seededBytes } from '../support/every-endpoint.ts';
import { type Ended, type Running, runProgram } from '../support/run-program.ts';
import { until } from '../support/until.ts';

const names = ['alpha', 'beta', 'gamma'];
/** Its old data is left where it is: the others keep it out. */
const forgotten = 'gamma';
const members = names.filter((name) => name !== forgotten);
const program = path.join(projectFolder, 'src/app/dftfs.ts');
const contents = { '/small': seededBytes('small', 100), '/large': seededBytes('large', 2_000_000) };

class Site {
  readonly #folder: string;
  readonly #etcd: string;
  /** Nobody else is likely to have ports there. */
  readonly #network = `127.${randomInt(1, 255)}.${randomInt(1, 255)}`;
  readonly #running = new Map<string, Running>();

  constructor(folder: string, etcd: string) {
    this.#folder = folder;
    this.#etcd = etcd;
  }

  get kept(): string {
    return path.join(this.#folder, 'cluster');
  }

  get backup(): string {
    return path.join(this.#folder, 'names.backup');
  }

  address = (name: string): string => `${this.#network}.${names.indexOf(name) + 1}`;
  home = (name: string): string => path.join(this.kept, 'machines', name);

  say(...words: string[]): Promise<Ended> {
    const environment = {
      HOME: '/nonexistent',
      DFTFS_ENDPOINT: names.map((name) => `https://${this.address(name)}:8080`).join(','),
      DFTFS_CA: path.join(this.kept, 'tls/ca.crt'),
      DFTFS_TOKEN_FILE: path.join(this.kept, 'admin-token'),
    };
    return runProgram(process.execPath, [program, ...words], environment).ended;
  }

  async does(...words: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.say(...words);
    assert.equal(code, 0, `${words.join(' ')}: ${stderr}`);
    return stdout;
  }

  async startEtcd(some: readonly string[] = names): Promise<void> {
    for (const name of some) {
      const file = path.join(this.home(name), 'etcd/etcd.env');
      const lines = (await readFile(file, 'utf8')).split('\n').filter(Boolean);
      const settings = Object.fromEntries(lines.map((line) => line.split(/=(.*)/s).slice(0, 2)));
      this.#start(`etcd ${name}`, name, [this.#etcd], { ...etcdEnvironment(), ...settings });
    }
  }

  async startNodes(): Promise<void> {
    for (const name of names) {
      const config = path.join(this.home(name), `${name}-1`, 'config.json');
      this.#start(`node ${name}`, name, [process.execPath, program, 'node', '--config', config]);
    }
    await until('all nodes serve', async () => {
      const { code, stdout } = await this.say('cluster', 'nodes', '--json');
      const live = stdout.split('\n').filter((line) => line.includes('"live":true'));
      return (code === 0 && live.length === names.length) || undefined;
    });
  }

  async putAside(name: string): Promise<void> {
    const data = path.join(this.home(name), 'etcd/data');
    await rename(data, `${data}-before`);
  }

  #start(what: string, name: string, words: readonly string[], environment = {}): void {
    const within = ['-c', 'cd "$0" && exec "$@"', this.home(name), ...words];
    this.#running.set(what, runProgram('sh', within, environment));
  }

  /** Those whose names begin so. */
  async stop(what = ''): Promise<void> {
    const some = [...this.#running].filter(([name]) => name.startsWith(what));
    for (const [name, { pid, ended }] of some) {
      process.kill(pid, 'SIGTERM');
      await ended;
      this.#running.delete(name);
    }
  }

  said = (): string =>
    [...this.#running].map(([name, { said }]) => `${name}: ${said.stderr.slice(-2000)}`).join('\n');
}

async function isRestored(site: Site): Promise<void> {
  for (const [name, content] of Object.entries(contents)) {
    const to = `${site.backup}-read`;
    await site.does('get', '-q', name, to);
    assert.ok((await readFile(to)).equals(content), name);
    await rm(to);
  }
  assert.equal((await site.say('exists', '/newer')).code, exitCodes.no.code);
}

const isHeld = async (site: Site): Promise<boolean> =>
  JSON.parse(await site.does('cluster', 'status', '--json')).names.collectionHeld;

async function drill(site: Site): Promise<void> {
  const { kept, backup } = site;
  const machines = names.flatMap((name) => ['--machine', `${name}=${site.address(name)}`]);
  await site.does('prepare', kept, ...machines, '--nodes', '1');
  await site.startEtcd();
  await site.startNodes();
  for (const [name, content] of Object.entries(contents)) {
    await writeFile(path.join(kept, name), content);
    await site.does('put', path.join(kept, name), name);
  }
  await site.does('names', 'backup', kept, backup);
  await site.does('rm', '/small');
  await site.does('cp', '/large', '/newer');
  const tooEarly = await site.say('names', 'restore', kept, backup);
  assert.equal(tooEarly.code, exitCodes.local.code);
  assert.match(tooEarly.stderr, /prepare .* --new-era comes first/);

  await site.stop('node');
  await site.stop('etcd');
  for (const name of members) await site.putAside(name);
  await site.does('prepare', kept, '--new-era');
  await site.startEtcd();
  await site.does('names', 'restore', kept, backup);
  const twice = await site.say('names', 'restore', kept, backup);
  assert.match(twice.stderr, /into an empty engine only/);

  await site.startNodes();
  await isRestored(site);
  assert.equal(await isHeld(site), true);
  await site.does('cp', '/large', '/after');
  await site.does('names', 'release', kept);
  assert.equal(await isHeld(site), false);
  await site.does('names', 'backup', kept, `${backup}-2`);

  await site.stop(`etcd ${forgotten}`);
  await site.putAside(forgotten);
  await site.startEtcd([forgotten]);
  await site.stop(`etcd ${members[0]}`);
  let tries = 0;
  await until('names are written with the member that came late, and without another', async () => {
    tries += 1;
    return (await site.say('cp', '/after', `/late-${tries}`)).code === 0 || undefined;
  });
}

test('names are restored into three members of etcd on machines of their own', async (context) => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'dftfs-restored-'));
  const site = new Site(folder, await findEtcd());
  context.after(async () => {
    await site.stop('node');
    await site.stop();
    await rm(folder, { recursive: true });
  });
  try {
    await drill(site);
  } catch (error) {
    context.diagnostic(site.said());
    throw error;
  }
});

/**
 * The form of deploy/docker: no container is run here. What can be held without: the file is YAML,
 * what it names exists, and the product accepts its commands and the settings that come of them.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { parse } from 'yaml';
import { machineSide } from '#app/machine-side.ts';
import { prepareMachines } from '#app/machines/prepare.ts';
import { parseLine } from '#cli/line/parse-line.ts';
import { verbs } from '#cli/verbs.ts';
import { readNodeConfig } from '#config/node-config.ts';
import { projectFolder } from '../tidy/sources.ts';

interface Service {
  readonly image: string;
  readonly restart: string;
  readonly user?: string;
  readonly command?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly hostname?: string;
  readonly network_mode?: string;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
}

const folder = path.join(projectFolder, 'deploy/docker');
const machines = ['alpha', 'beta', 'gamma'];
const home = '/var/lib/dftfs';

async function composeFile() {
  const text = await readFile(path.join(folder, 'compose.yaml'), 'utf8');
  const { services, volumes } = parse(text, { merge: true }) as {
    readonly services: Readonly<Record<string, Service>>;
    readonly volumes: Readonly<Record<string, null>>;
  };
  const service = (name: string): Service => {
    const found = services[name];
    assert.ok(found, name);
    return found;
  };
  return { services, volumes: Object.keys(volumes), service };
}

const lineOf = ({ command = [] }: Service) => {
  const line = parseLine(command, verbs);
  assert.equal(line.kind, 'run');
  return line as Extract<typeof line, { kind: 'run' }>;
};

/** What `prepare` makes when it is run with the words of the compose file. */
async function preparedBy(context: TestContext, service: Service): Promise<string> {
  const root = await mkdtemp(path.join(os.tmpdir(), 'dftfs-compose-'));
  context.after(() => rm(root, { recursive: true }));
  const { verb, options, args } = lineOf(service);
  assert.deepEqual([verb.name, args], ['prepare', ['/cluster']]);
  const made = path.join(root, 'cluster');
  const words = {
    machines: options.texts('machine'),
    nodes: undefined,
    renew: false,
    newEra: false,
  };
  await prepareMachines({ folder: made, ...words });
  return path.join(made, 'machines');
}

test('every service is of the image, restarts, and has what it names', async () => {
  const { services, volumes, service } = await composeFile();
  const processes = machines.flatMap((name) => [name, `etcd-${name}`, `${name}-1`, `${name}-2`]);
  assert.deepEqual(Object.keys(services).sort(), ['prepare', ...processes].sort());
  for (const [name, one] of Object.entries(services)) {
    assert.equal(one.image, 'dftfs', name);
    assert.equal(one.restart, name === 'prepare' ? 'no' : 'always', name);
    for (const mount of one.volumes ?? []) {
      assert.ok(volumes.includes(mount.split(':')[0] ?? ''), `${name}: ${mount}`);
    }
    for (const other of Object.keys(one.depends_on ?? {})) service(other);
  }
  for (const name of machines) {
    assert.equal(service(name).hostname, name);
    for (const one of [`etcd-${name}`, `${name}-1`, `${name}-2`].map(service)) {
      assert.equal(one.network_mode, `service:${name}`);
      assert.deepEqual(one.volumes, [`${name}:${home}`]);
      assert.equal(one.depends_on?.prepare?.condition, 'service_completed_successfully');
      assert.ok(one.healthcheck);
    }
    assert.ok(service('prepare').volumes?.includes(`${name}:/cluster/machines/${name}`));
  }
});

test('nodes accept the settings that its prepare makes, at the ports that it opens', async (context) => {
  const { service } = await composeFile();
  const made = await preparedBy(context, service('prepare'));
  for (const name of machines) {
    const inside = (service(name).ports ?? []).map((port) => port.split(':').at(-1));
    for (const [nth, node] of [`${name}-1`, `${name}-2`].entries()) {
      const { verb, options } = lineOf(service(node));
      assert.equal(verb.name, 'node');
      const file = path.join(made, name, options.text('config') ?? '');
      assert.deepEqual(await machineSide.checkNode(file), { id: node });
      const { node: own, cluster } = readNodeConfig(file, {});
      assert.equal(own.advertisedHost, name);
      assert.equal(String(own.httpPort), inside[nth]);
      assert.ok(cluster.etcdEndpoints.includes(`https://${name}:2379`));
      const looked = service(node).healthcheck?.test.join(' ') ?? '';
      assert.ok(looked.includes(`https://127.0.0.1:${own.httpPort}/-/health`), looked);
    }
    const etcd = service(`etcd-${name}`);
    const named = [...(etcd.entrypoint ?? []), ...(etcd.healthcheck?.test ?? [])].join(' ');
    const files = named.match(/(etcd|tls)\/[a-z.]+/g) ?? [];
    assert.deepEqual(files, ['etcd/etcd.env', 'tls/ca.crt', 'etcd/tls.crt', 'etcd/tls.key']);
    for (const file of files) assert.ok(existsSync(path.join(made, name, file)), file);
  }
});

test('the image is built of what is there, and runs as nobody in particular', async () => {
  const text = await readFile(path.join(folder, 'Dockerfile'), 'utf8');
  const ignored = await readFile(path.join(folder, 'Dockerfile.dockerignore'), 'utf8');
  const needed = [...ignored.matchAll(/^!(.+)$/gm)].map(([, name]) => name as string);
  for (const name of needed) assert.ok(existsSync(path.join(projectFolder, name)), name);
  // What the scripts of the build read.
  for (const name of ['package.json', 'package-lock.json', 'tsconfig.json', 'src', 'scripts']) {
    assert.ok(needed.includes(name), name);
  }
  assert.match(text, /^USER dftfs$/m);
  assert.match(text, /^ENTRYPOINT \["dftfs"\]$/m);
  const last = text.slice(text.lastIndexOf('\nFROM '));
  for (const name of machines) assert.ok(last.includes(`/cluster/machines/${name}`), name);
  const [, major] = /^FROM node:(\d+)/m.exec(text) ?? [];
  assert.equal(major, process.versions.node.split('.')[0]);
});

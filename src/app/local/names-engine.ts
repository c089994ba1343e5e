/** The names of a local cluster, reached from outside its nodes. */
import { createNodeWorld } from '#io/node/world.ts';
import { EtcdKv } from '#kv/etcd/etcd-kv.ts';
import type { Kv } from '#kv/kv.ts';
import { silentLogger } from '#observe/log.ts';
import { operatorTls } from './certificates.ts';
import { LaunchError } from './launch-error.ts';
import { etcdUrl, type Manifest, readManifest } from './manifest.ts';

export async function withNames<T>(
  data: string,
  manifest: Manifest,
  use: (kv: Kv) => Promise<T>,
): Promise<T> {
  const endpoints = manifest.etcd.map((member) => etcdUrl(manifest, member));
  const tls = operatorTls(data, manifest);
  const deps = { ...createNodeWorld(), tls, log: silentLogger };
  const kv = EtcdKv.create(deps, { endpoints, era: manifest.era });
  try {
    return await use(kv);
  } finally {
    await kv.close();
  }
}

export async function knownManifest(data: string): Promise<Manifest> {
  const manifest = await readManifest(data);
  if (manifest === undefined) throw new LaunchError(`there is no cluster in ${data}`);
  return manifest;
}

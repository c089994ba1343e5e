/**
 * The certificates of a local cluster: an authority that the first start makes, and one for each
 * process and the operator. What is about to end, or lacks an address, is made anew at any start;
 * what runs takes it by itself.
 */
import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { isLoopback } from '#config/exposure.ts';
import type { TlsSource } from '#io/tls.ts';
import { etcdHolder, loopbackNames, nodeHolder, operatorHolder } from '../certificates/holders.ts';
import { Authority, type Holder } from '../certificates/provide.ts';
import { authorityPaths, certificatePaths, type Manifest, operatorPaths } from './manifest.ts';

export async function provideCertificates(
  data: string,
  manifest: Manifest,
  { renew }: { readonly renew: boolean },
): Promise<void> {
  const authority = await Authority.open(authorityPaths(data), manifest.clusterId);
  for (const holder of holdersOf(data, manifest)) await authority.provide(holder, { renew });
}

function holdersOf(data: string, manifest: Manifest): Holder[] {
  const { etcd, nodes, host } = manifest;
  const loopback = [...loopbackNames, ...(host === '127.0.0.1' ? [] : [host])];
  const doors = [...new Set([...loopback, ...addressesOf(manifest)])];
  return [
    operatorHolder(operatorPaths(data)),
    ...etcd.map(({ name }) => etcdHolder(name, loopback, certificatePaths(data, name))),
    ...nodes.map(({ name }) => nodeHolder(name, doors, certificatePaths(data, name))),
  ];
}

/** Where clients may find the front door: of a door that is open everywhere, all of them. */
function addressesOf({ publicHost }: Manifest): string[] {
  if (publicHost !== '0.0.0.0' && publicHost !== '::') {
    return isLoopback(publicHost) ? [] : [publicHost];
  }
  const all = Object.values(networkInterfaces()).flatMap((some) => some ?? []);
  return all.map(({ address }) => address).filter((address) => !address.startsWith('fe80:'));
}

/** How whoever starts the processes meets them; undefined: without TLS. */
export function operatorTls(data: string, { tls }: Pick<Manifest, 'tls'>): TlsSource | undefined {
  if (!tls) return undefined;
  const read = (path: string) => readFileSync(path, 'utf8');
  const { certificate, key } = operatorPaths(data);
  const current = {
    authorities: read(authorityPaths(data).certificate),
    ...{ certificate: read(certificate), key: read(key) },
  };
  return { current, follow: () => {} };
}

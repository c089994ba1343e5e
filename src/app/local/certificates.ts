/**
 * The certificates of a local cluster: an authority that the first start makes, and one for each
 * process and the operator. What is about to end, or lacks an address, is made anew at any start;
 * what runs takes it by itself.
 */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { dirname } from 'node:path';
import { isLoopback } from '#config/exposure.ts';
import type { TlsSource } from '#io/tls.ts';
import {
  type CertificateAndKey,
  createAuthority,
  issueCertificate,
  type Subject,
} from '../certificates/certificate.ts';
import { etcdName, nodeNameSuffix, operatorName } from '../certificates/names.ts';
import { authorityPaths, certificatePaths, type Manifest, operatorPaths } from './manifest.ts';
import { writeWholeSync } from './write-whole.ts';

const dayMs = 24 * 3600_000;
const authorityDays = 20 * 365;
const certificateDays = 730;
/** Clocks of machines differ. */
const leewayMs = dayMs;
const renewBeforeMs = 180 * dayMs;

interface Paths {
  readonly certificate: string;
  readonly key: string;
}

interface Holder extends Subject {
  readonly paths: Paths;
}

export async function provideCertificates(
  data: string,
  manifest: Manifest,
  { renew }: { readonly renew: boolean },
): Promise<void> {
  const authority = await provideAuthority(data, manifest);
  for (const holder of holdersOf(data, manifest)) {
    if (!renew && (await isGood(holder, authority))) continue;
    write(holder.paths, issueCertificate(authority, holder, validityOf(certificateDays)));
  }
}

async function provideAuthority(data: string, manifest: Manifest): Promise<CertificateAndKey> {
  const paths = authorityPaths(data);
  const known = await read(paths);
  if (known !== undefined) return known;
  const name = `DFTFS ${manifest.clusterId.slice(0, 8)}`;
  const authority = createAuthority(name, validityOf(authorityDays));
  await mkdir(dirname(paths.key), { recursive: true, mode: 0o700 });
  write(paths, authority);
  return authority;
}

function holdersOf(data: string, manifest: Manifest): Holder[] {
  const { etcd, nodes, host } = manifest;
  const loopback = ['localhost', '127.0.0.1', '::1', ...(host === '127.0.0.1' ? [] : [host])];
  const doors = [...new Set([...loopback, ...addressesOf(manifest)])];
  return [
    { commonName: 'operator', names: [operatorName], paths: operatorPaths(data) },
    ...etcd.map(({ name }) => ({
      commonName: name,
      names: [etcdName, ...loopback],
      paths: certificatePaths(data, name),
    })),
    ...nodes.map(({ name }) => ({
      commonName: name,
      names: [`${name}${nodeNameSuffix}`, ...doors],
      paths: certificatePaths(data, name),
    })),
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

async function isGood({ names, paths }: Holder, authority: CertificateAndKey): Promise<boolean> {
  const known = await read(paths);
  if (known === undefined) return false;
  const certificate = new X509Certificate(known.certificate);
  const isOurs = certificate.verify(new X509Certificate(authority.certificate).publicKey);
  const lasts = Date.parse(certificate.validTo) - Date.now() > renewBeforeMs;
  const hasName = (name: string) =>
    name.includes(':') || /^[\d.]+$/.test(name)
      ? certificate.checkIP(name) !== undefined
      : certificate.checkHost(name) !== undefined;
  return isOurs && lasts && names.every(hasName);
}

function validityOf(days: number) {
  const now = Date.now();
  return { fromMs: now - leewayMs, toMs: now + days * dayMs };
}

async function read({ certificate, key }: Paths): Promise<CertificateAndKey | undefined> {
  try {
    return { certificate: await readFile(certificate, 'utf8'), key: await readFile(key, 'utf8') };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function write(paths: Paths, { certificate, key }: CertificateAndKey): void {
  writeWholeSync(paths.key, key, 0o600);
  writeWholeSync(paths.certificate, certificate, 0o644);
}

/** How whoever starts the processes meets them; undefined: without TLS. */
export function operatorTls(data: string, { tls }: Manifest): TlsSource | undefined {
  if (!tls) return undefined;
  const read = (path: string) => readFileSync(path, 'utf8');
  const { certificate, key } = operatorPaths(data);
  const current = {
    authorities: read(authorityPaths(data).certificate),
    ...{ certificate: read(certificate), key: read(key) },
  };
  return { current, follow: () => {} };
}

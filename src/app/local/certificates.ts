/**
 * The certificates of a local cluster: an authority that the first start makes, and one for each
 * process and the operator. What is about to end, or lacks an address, is made anew at any start;
 * what runs takes it by itself.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
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
import { LaunchError } from './launch-error.ts';
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
  const authorities = await provideAuthorities(data, manifest);
  let signer: CertificateAndKey | undefined;
  for (const holder of holdersOf(data, manifest)) {
    if (!renew && (await isGood(holder, authorities))) continue;
    signer ??= await signerOf(data, authorities);
    write(holder.paths, issueCertificate(signer, holder, validityOf(certificateDays)));
  }
}

const pemBlocks = /-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----/gs;

/** Several while one takes over from another. Made only where there is none: all believe in it. */
async function provideAuthorities(data: string, manifest: Manifest): Promise<X509Certificate[]> {
  const paths = authorityPaths(data);
  const known = await readIfThere(paths.certificate);
  if (known !== undefined) {
    return (known.match(pemBlocks) ?? []).map((block) => new X509Certificate(block));
  }
  const name = `DFTFS ${manifest.clusterId.slice(0, 8)}`;
  const authority = createAuthority(name, validityOf(authorityDays));
  await mkdir(dirname(paths.key), { recursive: true, mode: 0o700 });
  write(paths, authority);
  return [new X509Certificate(authority.certificate)];
}

/** The authority whose key is here. Throws LaunchError: it may be kept elsewhere. */
async function signerOf(data: string, authorities: X509Certificate[]): Promise<CertificateAndKey> {
  const { key: path, certificate } = authorityPaths(data);
  const key = await readIfThere(path);
  if (key === undefined) {
    throw new LaunchError(`certificates have to be made, and ${path} isn't there: bring it back`);
  }
  const found = authorities.find((authority) => authority.checkPrivateKey(createPrivateKey(key)));
  if (found === undefined) {
    throw new LaunchError(`${path} is the key of no certificate in ${certificate}`);
  }
  return { certificate: found.toString(), key };
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

async function isGood(
  { names, paths }: Holder,
  authorities: readonly X509Certificate[],
): Promise<boolean> {
  const known = await read(paths);
  if (known === undefined) return false;
  const certificate = new X509Certificate(known.certificate);
  // A start that was cut off may have left a new key beside an old certificate.
  const isWhole = certificate.checkPrivateKey(createPrivateKey(known.key));
  const isOurs = authorities.some(({ publicKey }) => certificate.verify(publicKey));
  const lasts = Date.parse(certificate.validTo) - Date.now() > renewBeforeMs;
  const hasName = (name: string) =>
    name.includes(':') || /^[\d.]+$/.test(name)
      ? certificate.checkIP(name) !== undefined
      : certificate.checkHost(name) !== undefined;
  return isWhole && isOurs && lasts && names.every(hasName);
}

function validityOf(days: number) {
  const now = Date.now();
  return { fromMs: now - leewayMs, toMs: now + days * dayMs };
}

async function read(paths: Paths): Promise<CertificateAndKey | undefined> {
  const [certificate, key] = [await readIfThere(paths.certificate), await readIfThere(paths.key)];
  return certificate === undefined || key === undefined ? undefined : { certificate, key };
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
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

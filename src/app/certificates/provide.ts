/**
 * Certificates in files: an authority that is made once, and what it signs, made anew when it is
 * about to end or lacks a name.
 */
import { X509Certificate } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { writeWholeSync } from '../local/write-whole.ts';
import {
  type CertificateAndKey,
  createAuthority,
  issueCertificate,
  type Subject,
} from './certificate.ts';

const dayMs = 24 * 3600_000;
const authorityDays = 20 * 365;
const certificateDays = 730;
/** Clocks of machines differ. */
const leewayMs = dayMs;
const renewBeforeMs = 180 * dayMs;

export interface CertificatePaths {
  readonly certificate: string;
  readonly key: string;
}

export interface Holder extends Subject {
  readonly paths: CertificatePaths;
}

/** The one in the files; there is none: it is made. */
export async function provideAuthority(
  paths: CertificatePaths,
  clusterId: string,
): Promise<CertificateAndKey> {
  const known = await read(paths);
  if (known !== undefined) return known;
  const name = `DFTFS ${clusterId.slice(0, 8)}`;
  const authority = createAuthority(name, validityOf(authorityDays));
  await mkdir(dirname(paths.key), { recursive: true, mode: 0o700 });
  write(paths, authority);
  return authority;
}

/** Returns whether one was made. */
export async function provideCertificate(
  authority: CertificateAndKey,
  holder: Holder,
  { renew }: { readonly renew: boolean },
): Promise<boolean> {
  if (!renew && (await isGood(holder, authority))) return false;
  write(holder.paths, issueCertificate(authority, holder, validityOf(certificateDays)));
  return true;
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

async function read({ certificate, key }: CertificatePaths) {
  try {
    return { certificate: await readFile(certificate, 'utf8'), key: await readFile(key, 'utf8') };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function write(paths: CertificatePaths, { certificate, key }: CertificateAndKey): void {
  writeWholeSync(paths.key, key, 0o600);
  writeWholeSync(paths.certificate, certificate, 0o644);
}

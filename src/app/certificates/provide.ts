/**
 * Certificates in files: an authority that is made once, and what it signs, made anew when it is
 * about to end or lacks a name.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { dirname } from 'node:path';
import { LaunchError } from '../local/launch-error.ts';
import { writeWholeSync } from '../local/write-whole.ts';
import {
  type CertificateAndKey,
  createAuthority,
  issueCertificate,
  type Subject,
} from './certificate.ts';
import { certificatesIn } from './pem.ts';

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

export class Authority {
  readonly #paths: CertificatePaths;
  /** Several while one takes over from another. */
  readonly #believed: readonly X509Certificate[];
  #signer: CertificateAndKey | undefined;

  private constructor(paths: CertificatePaths, believed: readonly X509Certificate[]) {
    this.#paths = paths;
    this.#believed = believed;
  }

  /** Made only where there is none: all believe in it. */
  static async open(paths: CertificatePaths, clusterId: string): Promise<Authority> {
    const known = await readIfThere(paths.certificate);
    if (known !== undefined) return new Authority(paths, certificatesIn(known));
    const name = `DFTFS ${clusterId.slice(0, 8)}`;
    const made = createAuthority(name, validityOf(authorityDays));
    await mkdir(dirname(paths.key), { recursive: true, mode: 0o700 });
    write(paths, made);
    return new Authority(paths, [new X509Certificate(made.certificate)]);
  }

  /** Returns whether one had to be made. Throws LaunchError if that can't be done here. */
  async provide(holder: Holder, { renew }: { readonly renew: boolean }): Promise<boolean> {
    if (!renew && (await this.#isGood(holder))) return false;
    this.#signer ??= await this.#findSigner();
    write(holder.paths, issueCertificate(this.#signer, holder, validityOf(certificateDays)));
    return true;
  }

  /** The authority whose key is here: it may be kept elsewhere. */
  async #findSigner(): Promise<CertificateAndKey> {
    const { key: path, certificate } = this.#paths;
    const key = await readIfThere(path);
    if (key === undefined) {
      throw new LaunchError(`certificates have to be made, and ${path} isn't there: bring it back`);
    }
    const found = this.#believed.find((one) => one.checkPrivateKey(createPrivateKey(key)));
    if (found === undefined) {
      throw new LaunchError(`${path} is the key of no certificate in ${certificate}`);
    }
    return { certificate: found.toString(), key };
  }

  async #isGood({ names, paths }: Holder): Promise<boolean> {
    const known = await read(paths);
    if (known === undefined) return false;
    const certificate = new X509Certificate(known.certificate);
    // A start that was cut off may have left a new key beside an old certificate.
    const isWhole = certificate.checkPrivateKey(createPrivateKey(known.key));
    const isOurs = this.#believed.some(({ publicKey }) => certificate.verify(publicKey));
    const lasts = Date.parse(certificate.validTo) - Date.now() > renewBeforeMs;
    const hasName = (name: string) =>
      (isIP(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name)) !== undefined;
    return isWhole && isOurs && lasts && names.every(hasName);
  }
}

function validityOf(days: number) {
  const now = Date.now();
  return { fromMs: now - leewayMs, toMs: now + days * dayMs };
}

async function read(paths: CertificatePaths): Promise<CertificateAndKey | undefined> {
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

function write(paths: CertificatePaths, { certificate, key }: CertificateAndKey): void {
  writeWholeSync(paths.key, key, 0o600);
  writeWholeSync(paths.certificate, certificate, 0o644);
}

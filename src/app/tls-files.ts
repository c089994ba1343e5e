/**
 * A process's certificate, its key, and the authorities, in files that are looked at again and
 * again: newer ones are taken without a restart, and what makes no sense is not.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { DftfsError } from '#base/errors.ts';
import { readPrivateFile } from '#config/node-secrets.ts';
import type { Disk } from '#io/disk.ts';
import type { TlsIdentity, TlsSource } from '#io/tls.ts';
import type { Clock, Timer, Timers } from '#io/world.ts';
import type { Logger } from '#observe/log.ts';
import { certificatesIn } from './certificates/pem.ts';

export interface TlsFilePaths {
  readonly authorities: string;
  readonly certificate: string;
  readonly key: string;
}

export interface TlsFilesDeps {
  readonly disk: Pick<Disk, 'readWhole'>;
  readonly clock: Pick<Clock, 'wall'>;
  readonly timers: Timers;
  readonly log: Logger;
}

export const lookEveryMs = 30_000;
const dayMs = 24 * 3600_000;
/** From so long before its end on a certificate is complained of. */
const warnBeforeMs = 14 * dayMs;

export class TlsFiles implements TlsSource {
  readonly #deps: TlsFilesDeps;
  readonly #paths: TlsFilePaths;
  readonly #followers: ((identity: TlsIdentity) => void)[] = [];
  #current: TlsIdentity;
  #timer: Timer | undefined;
  #warnedAt = Number.NEGATIVE_INFINITY;

  /** Throws invalid_argument, in one line. */
  static async open(deps: TlsFilesDeps, paths: TlsFilePaths): Promise<TlsFiles> {
    return new TlsFiles(deps, paths, await readIdentity(deps.disk, paths));
  }

  private constructor(deps: TlsFilesDeps, paths: TlsFilePaths, first: TlsIdentity) {
    this.#deps = deps;
    this.#paths = paths;
    this.#current = first;
    this.#warnOfEnd();
    this.#schedule();
  }

  get current(): TlsIdentity {
    return this.#current;
  }

  follow(take: (identity: TlsIdentity) => void): void {
    this.#followers.push(take);
  }

  close(): void {
    this.#timer?.cancel();
  }

  /** Takes what is in the files now, if it is whole. Never throws. */
  async look(): Promise<void> {
    const { disk, log } = this.#deps;
    const { certificate } = this.#paths;
    try {
      const found = await readIdentity(disk, this.#paths);
      if (isSame(found, this.#current)) return this.#warnOfEnd();
      this.#current = found;
      for (const take of this.#followers) take(found);
      log.info('certificate taken', { certificate, until: endOf(found) });
    } catch (error) {
      // As often as not one of the files is new already, and the others are about to be.
      log.warn('certificate not taken, the one before stays', { certificate, error });
    }
    this.#warnOfEnd();
  }

  #schedule(): void {
    this.#timer = this.#deps.timers.after(lookEveryMs, () => {
      void this.look().then(() => this.#schedule());
    });
  }

  #warnOfEnd(): void {
    const { clock, log } = this.#deps;
    const now = clock.wall();
    const until = endOf(this.#current);
    if (Date.parse(until) - now > warnBeforeMs || now - this.#warnedAt < dayMs) return;
    this.#warnedAt = now;
    log.warn('certificate ends soon', { certificate: this.#paths.certificate, until });
  }
}

async function readIdentity(
  disk: Pick<Disk, 'readWhole'>,
  paths: TlsFilePaths,
): Promise<TlsIdentity> {
  const read = async (path: string) => {
    const content = await disk.readWhole(path);
    if (content !== undefined) return content.toString();
    throw new DftfsError('invalid_argument', `there is no file ${path}, which TLS needs`);
  };
  const [authorities, certificate] = await Promise.all([
    read(paths.authorities),
    read(paths.certificate),
  ]);
  const identity = { authorities, certificate, key: readPrivateFile(paths.key, 'key') };
  check(identity, paths);
  return identity;
}

/** What OpenSSL says of a key might hold some of it: only which files don't fit is told. */
function check({ authorities, certificate, key }: TlsIdentity, paths: TlsFilePaths): void {
  const { authorities: ca, certificate: own } = paths;
  try {
    // OpenSSL passes over authorities that it can't read.
    const believed = certificatesIn(authorities);
    createSecureContext({ ca: authorities, cert: certificate, key });
    const isOwn = new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key));
    if (believed.length > 0 && isOwn) return;
  } catch {}
  const detail = `${own}, ${paths.key} and ${ca} are no certificate with its key and authorities`;
  throw new DftfsError('invalid_argument', detail);
}

const endOf = ({ certificate }: TlsIdentity): string =>
  new Date(new X509Certificate(certificate).validTo).toISOString();

const isSame = (one: TlsIdentity, other: TlsIdentity): boolean =>
  one.certificate === other.certificate &&
  one.key === other.key &&
  one.authorities === other.authorities;

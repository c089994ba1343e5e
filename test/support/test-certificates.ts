/** Certificates by an authority of the test's own. */
import {
  type CertificateAndKey,
  createAuthority,
  issueCertificate,
} from '#app/certificates/certificate.ts';
import type { TlsIdentity, TlsSource } from '#io/tls.ts';

const dayMs = 24 * 3600_000;

const validity = () => ({ fromMs: Date.now() - dayMs, toMs: Date.now() + 100 * dayMs });

export const testAuthority = (name = 'test'): CertificateAndKey =>
  createAuthority(`DFTFS ${name}`, validity());

/** Of a process at loopback, with these names besides. */
export function testIdentity(authority: CertificateAndKey, ...names: string[]): TlsIdentity {
  const subject = { commonName: names[0] ?? 'test', names: [...names, 'localhost', '127.0.0.1'] };
  return {
    authorities: authority.certificate,
    ...issueCertificate(authority, subject, validity()),
  };
}

/** One whose identity the test changes. */
export class TestTls implements TlsSource {
  current: TlsIdentity;
  readonly #followers: ((identity: TlsIdentity) => void)[] = [];

  constructor(identity: TlsIdentity) {
    this.current = identity;
  }

  follow(take: (identity: TlsIdentity) => void): void {
    this.#followers.push(take);
  }

  change(identity: TlsIdentity): void {
    this.current = identity;
    for (const take of this.#followers) take(identity);
  }
}

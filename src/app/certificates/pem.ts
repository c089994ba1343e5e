/** Certificates in a text, which may hold several: authorities, while one follows another. */
import { X509Certificate } from 'node:crypto';

const blocks = /-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----/gs;

/** Throws where one can't be read. */
export const certificatesIn = (pem: string): X509Certificate[] =>
  (pem.match(blocks) ?? []).map((block) => new X509Certificate(block));

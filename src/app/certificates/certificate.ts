/**
 * The cluster's own certificate authority, and certificates by it: X.509 version 3 with keys on
 * P-256. Made here and read by Node's and Go's TLS, which tests hold it against.
 */
import {
  createHash,
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from 'node:crypto';
import { isIP } from 'node:net';
import {
  bits,
  explicit,
  implicit,
  integer,
  objectId,
  octets,
  sequence,
  set,
  time,
  truth,
  utf8,
} from './der.ts';

/** As PEM. */
export interface CertificateAndKey {
  readonly certificate: string;
  readonly key: string;
}

export interface Validity {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface Subject {
  readonly commonName: string;
  /** DNS names and IP addresses. */
  readonly names: readonly string[];
}

const ids = {
  commonName: '2.5.4.3',
  subjectKey: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectNames: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKey: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
};

/** A key and a certificate for it, signed by that very key. It signs leaves and nothing beneath. */
export function createAuthority(commonName: string, validity: Validity): CertificateAndKey {
  const pair = newPair();
  const extensions = [
    extension(ids.basicConstraints, sequence(truth, integer(Buffer.from([0]))), true),
    // To sign certificates and lists of revoked ones.
    extension(ids.keyUsage, bits(Buffer.from([0b0000_0110]), 1), true),
    extension(ids.subjectKey, octets(keyIdOf(pair.publicKey))),
  ];
  const subject = { commonName, publicKey: pair.publicKey, extensions };
  return { certificate: signed(subject, commonName, pair.privateKey, validity), key: pem(pair) };
}

/** Good for both sides of a connection. */
export function issueCertificate(
  authority: CertificateAndKey,
  { commonName, names }: Subject,
  validity: Validity,
): CertificateAndKey {
  const issuer = new X509Certificate(authority.certificate);
  const issuerName = /^CN=([^\n]+)$/.exec(issuer.subject)?.[1];
  if (issuerName === undefined) throw new Error(`not an authority of ours: ${issuer.subject}`);
  const pair = newPair();
  const purposes = [ids.serverAuth, ids.clientAuth].map(objectId);
  const extensions = [
    extension(ids.basicConstraints, sequence(), true),
    extension(ids.keyUsage, bits(Buffer.from([0b1000_0000]), 7), true),
    extension(ids.extendedKeyUsage, sequence(...purposes)),
    extension(ids.subjectNames, sequence(...names.map(generalName))),
    extension(ids.subjectKey, octets(keyIdOf(pair.publicKey))),
    extension(ids.authorityKey, sequence(implicit(0, keyIdOf(issuer.publicKey)))),
  ];
  const subject = { commonName, publicKey: pair.publicKey, extensions };
  const certificate = signed(subject, issuerName, createPrivateKey(authority.key), validity);
  return { certificate, key: pem(pair) };
}

interface ToBeSigned {
  readonly commonName: string;
  readonly publicKey: KeyObject;
  readonly extensions: readonly Buffer[];
}

function signed(
  { commonName, publicKey, extensions }: ToBeSigned,
  issuerName: string,
  key: KeyObject,
  { fromMs, toMs }: Validity,
): string {
  const algorithm = sequence(objectId(ids.ecdsaWithSha256));
  const version3 = explicit(0, integer(Buffer.from([2])));
  const content = sequence(
    version3,
    integer(randomBytes(16)),
    algorithm,
    nameOf(issuerName),
    sequence(time(fromMs), time(toMs)),
    nameOf(commonName),
    derOf(publicKey),
    explicit(3, sequence(...extensions)),
  );
  const whole = sequence(content, algorithm, bits(sign('sha256', content, key)));
  const lines = whole.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

const newPair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = ({ privateKey }: { readonly privateKey: KeyObject }): string =>
  privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const derOf = (publicKey: KeyObject): Buffer => publicKey.export({ type: 'spki', format: 'der' });
const keyIdOf = (publicKey: KeyObject): Buffer =>
  createHash('sha256').update(derOf(publicKey)).digest().subarray(0, 20);

const nameOf = (commonName: string): Buffer =>
  sequence(set(sequence(objectId(ids.commonName), utf8(commonName))));

const extension = (id: string, value: Buffer, critical = false): Buffer =>
  sequence(objectId(id), ...(critical ? [truth] : []), octets(value));

const dnsName = 2;
const ipAddress = 7;

function generalName(name: string): Buffer {
  if (isIP(name) === 0) return implicit(dnsName, Buffer.from(name, 'latin1'));
  return implicit(ipAddress, addressBytes(name));
}

function addressBytes(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number));
  // A URL writes it in one form: groups of hex digits, the longest run of zeros left out.
  const text = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = [], tail = []] = text.split('::').map((part) => part.split(':').filter(Boolean));
  const zeros = Array(8 - head.length - tail.length).fill('0');
  const groups = [...head, ...zeros, ...tail].map((group) => Number.parseInt(group, 16));
  return Buffer.from(groups.flatMap((group) => [group >> 8, group & 0xff]));
}

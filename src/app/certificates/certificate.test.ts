import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { createAuthority, issueCertificate } from './certificate.ts';
import { integer, objectId, octets, time } from './der.ts';

const dayMs = 24 * 3600_000;
const now = Date.now();
const validity = { fromMs: now - dayMs, toMs: now + 365 * dayMs };

test('an authority and what it has signed are as X.509 wants them', () => {
  const authority = createAuthority('DFTFS test', { ...validity, toMs: now + 20_000 * dayMs });
  const names = [
    'a.node.dftfs',
    'localhost',
    '127.0.0.1',
    '::1',
    'fe80::12:3456',
    '::ffff:1.2.3.4',
  ];
  const issued = issueCertificate(authority, { commonName: 'node-ä', names }, validity);
  const [ca, leaf] = [authority, issued].map(({ certificate }) => new X509Certificate(certificate));
  assert.ok(ca && leaf);
  assert.ok(ca.ca && !leaf.ca);
  assert.ok(ca.verify(ca.publicKey) && leaf.verify(ca.publicKey));
  assert.ok(leaf.checkIssued(ca) && !ca.checkIssued(leaf));
  assert.ok(leaf.checkPrivateKey(createPrivateKey(issued.key)));
  assert.equal(leaf.subject, 'CN=node-ä');
  assert.equal(leaf.issuer, 'CN=DFTFS test');
  assert.equal(leaf.checkHost('localhost'), 'localhost');
  assert.equal(leaf.checkHost('example.org'), undefined);
  for (const address of ['127.0.0.1', '::1', 'fe80::12:3456']) {
    assert.equal(leaf.checkIP(address), address);
  }
  assert.equal(leaf.checkIP('127.0.0.2'), undefined);
  assert.deepEqual(leaf.keyUsage, ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
  assert.equal(Math.floor(Date.parse(leaf.validTo) / 1000), Math.floor(validity.toMs / 1000));
  assert.match(ca.validTo, / 20[5-9]\d GMT$/);
});

test('each has a key and a number of its own', () => {
  const authority = createAuthority('DFTFS test', validity);
  const subject = { commonName: 'a', names: ['a'] };
  const [one, other] = [1, 2].map(() => issueCertificate(authority, subject, validity));
  assert.notEqual(one?.key, other?.key);
  const serials = [one, other].map(
    (some) => new X509Certificate(some?.certificate ?? '').serialNumber,
  );
  assert.notEqual(serials[0], serials[1]);
});

test('what a leaf signs is nobody’s', () => {
  const authority = createAuthority('DFTFS test', validity);
  const leaf = issueCertificate(authority, { commonName: 'a', names: ['a'] }, validity);
  const below = issueCertificate(leaf, { commonName: 'b', names: ['b'] }, validity);
  const [parent, child] = [leaf, below].map(({ certificate }) => new X509Certificate(certificate));
  assert.ok(parent && child);
  assert.equal(child.checkIssued(parent), false);
});

test('numbers, names and times have one form each', () => {
  const hex = (bytes: Buffer) => bytes.toString('hex');
  assert.equal(hex(integer(Buffer.from([0, 0, 1]))), '020101');
  assert.equal(hex(integer(Buffer.from([0x80]))), '02020080');
  assert.equal(hex(integer(Buffer.from([0, 0]))), '020100');
  assert.equal(hex(objectId('1.2.840.10045.4.3.2')), '06082a8648ce3d040302');
  assert.equal(hex(octets(Buffer.alloc(200))).slice(0, 6), '0481c8');
  assert.equal(hex(octets(Buffer.alloc(300))).slice(0, 8), '0482012c');
  assert.equal(
    time(Date.UTC(2026, 0, 2, 3, 4, 5))
      .subarray(2)
      .toString(),
    '260102030405Z',
  );
  assert.equal(
    time(Date.UTC(2050, 0, 2, 3, 4, 5))
      .subarray(2)
      .toString(),
    '20500102030405Z',
  );
});

import { createPrivateKey, X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { createTestAuthority, EXPIRED } from '../../testing/test-certificates.ts';

const authority = createTestAuthority();
const ca = new X509Certificate(authority.ca);

test('the authority signs itself and may issue', () => {
  expect(ca.ca).toBe(true);
  expect(ca.verify(ca.publicKey)).toBe(true);
  expect(ca.subject).toBe('CN=Hawser test authority');
});

test('a server certificate is good for its names and addresses, and for no other', () => {
  const names = ['example.com', '*.example.net', '127.0.0.1', '::1', '2001:db8::8:800:200c:417a'];
  const { cert, key } = authority.server(names);
  const certificate = new X509Certificate(cert);
  expect(certificate.checkIssued(ca)).toBe(true);
  expect(certificate.verify(ca.publicKey)).toBe(true);
  expect(certificate.checkPrivateKey(createPrivateKey(key))).toBe(true);
  expect(certificate.ca).toBe(false);
  expect(certificate.checkHost('example.com')).toBe('example.com');
  expect(certificate.checkHost('a.example.net')).toBe('*.example.net');
  expect(certificate.checkHost('a.b.example.net')).toBeUndefined();
  expect(certificate.checkHost('example.org')).toBeUndefined();
  for (const address of names.slice(2)) expect(certificate.checkIP(address)).toBe(address);
  expect(certificate.checkIP('127.0.0.2')).toBeUndefined();
});

test('validity is what was asked for, in this century and the next', () => {
  const validTo = Date.UTC(2060, 1, 3, 4, 5, 6);
  const late = new X509Certificate(
    authority.client('late', { validFrom: Date.UTC(2049, 0, 1), validTo }).cert,
  );
  expect(Date.parse(late.validFrom)).toBe(Date.UTC(2049, 0, 1));
  expect(Date.parse(late.validTo)).toBe(validTo);
  const expired = new X509Certificate(authority.server('old', EXPIRED).cert);
  expect(Date.parse(expired.validTo)).toBe(Date.UTC(2000, 0, 2));
});

test('serial numbers differ, also above the sign bit', () => {
  const many = Array.from({ length: 130 }, () => authority.client('x').cert);
  const serials = new Set(many.map((cert) => new X509Certificate(cert).serialNumber));
  expect(serials.size).toBe(130);
});

test('another authority with the same name did not sign it', () => {
  const other = new X509Certificate(createTestAuthority().ca);
  const certificate = new X509Certificate(authority.client('ann').cert);
  expect(certificate.checkIssued(other)).toBe(false);
  expect(certificate.verify(other.publicKey)).toBe(false);
});

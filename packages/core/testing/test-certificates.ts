import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { bits, der, integer, octets, oid, sequence, set, time, utf8, yes } from './der.ts';

/** A certificate with its key, both as PEM: what `tls` and `startClient` take. */
export interface TestCertificate {
  readonly cert: string;
  readonly key: string;
}

/** When a certificate is valid, in milliseconds since 1970. */
export interface TestValidity {
  /** @defaultValue 2000-01-01 */
  readonly validFrom?: number | undefined;
  /** @defaultValue 2049-12-31 */
  readonly validTo?: number | undefined;
}

/** Issues certificates that nobody trusts but those who are given its `ca`. */
export interface TestAuthority {
  /** The authority's own certificate, as PEM: the `ca` of whoever is to trust it. */
  readonly ca: string;
  /** A server's certificate, for DNS names (`*.example.net` too) and IP addresses. */
  server(names: string | readonly string[], validity?: TestValidity): TestCertificate;
  /** A client's certificate. `name` is its common name. */
  client(name: string, validity?: TestValidity): TestCertificate;
}

/** Valid on one day of the year 2000, so expired. */
export const EXPIRED: TestValidity = {
  validFrom: Date.UTC(2000, 0, 1),
  validTo: Date.UTC(2000, 0, 2),
};

/**
 * Makes a certificate authority for tests. Keys (ECDSA on P-256) are made as needed and never leave the process, so
 * that no key lies in a repository and no test stops working on the day a fixture expires.
 *
 * @example
 * const authority = createTestAuthority();
 * const server = serve('tcp://:0', stack(tls(authority.server('localhost')))(app));
 * const client = { ca: authority.ca, serverName: 'localhost' };
 */
export function createTestAuthority(
  options: TestValidity & { readonly name?: string | undefined } = {},
): TestAuthority {
  const { name = 'Hawser test authority' } = options;
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  let serial = 0;

  function issue(subject: Subject): string {
    serial += 1;
    const spki = subject.publicKey.export({ type: 'spki', format: 'der' });
    const { validFrom = Date.UTC(2000, 0, 1), validTo = Date.UTC(2049, 11, 31) } = subject.validity;
    // RFC 5280 §4.1.2; [0] is the version, [3] the extensions.
    const toBeSigned = sequence(
      der(0xa0, integer(2)),
      integer(serial),
      ECDSA_WITH_SHA256,
      commonName(name),
      sequence(time(validFrom), time(validTo)),
      commonName(subject.name),
      spki,
      der(0xa3, sequence(...subject.extensions, keyIdentifier(spki), issuerIdentifier)),
    );
    const signature = bits(sign('sha256', toBeSigned, keys.privateKey));
    return pem(sequence(toBeSigned, ECDSA_WITH_SHA256, signature));
  }

  function leaf(subject: Omit<Subject, 'publicKey'>): TestCertificate {
    const own = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    return {
      cert: issue({ ...subject, publicKey: own.publicKey }),
      key: own.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    };
  }

  const issuerKey = keys.publicKey.export({ type: 'spki', format: 'der' });
  const issuerIdentifier = extension('2.5.29.35', sequence(der(0x80, keyId(issuerKey))));
  const ca = issue({
    name,
    publicKey: keys.publicKey,
    validity: options,
    extensions: [
      extension('2.5.29.19', sequence(yes), 'critical'),
      // keyCertSign and cRLSign.
      extension('2.5.29.15', bits(Buffer.from([0x06]), 1), 'critical'),
    ],
  });
  return {
    ca,
    server: (names, validity = options) => {
      const list = typeof names === 'string' ? [names] : names;
      return leaf({
        name: list[0] ?? 'nobody',
        validity,
        extensions: [...leafUsage('1.3.6.1.5.5.7.3.1'), alternativeNames(list)],
      });
    },
    client: (commonName, validity = options) =>
      leaf({ name: commonName, validity, extensions: leafUsage('1.3.6.1.5.5.7.3.2') }),
  };
}

interface Subject {
  readonly name: string;
  readonly publicKey: KeyObject;
  readonly validity: TestValidity;
  readonly extensions: readonly Buffer[];
}

const ECDSA_WITH_SHA256 = sequence(oid('1.2.840.10045.4.3.2'));

function commonName(name: string): Buffer {
  return sequence(set(sequence(oid('2.5.4.3'), utf8(name))));
}

function extension(id: string, value: Uint8Array, critical?: 'critical'): Buffer {
  return sequence(oid(id), ...(critical ? [yes] : []), octets(value));
}

/** digitalSignature, and what the certificate is for. */
function leafUsage(purpose: string): Buffer[] {
  return [
    extension('2.5.29.15', bits(Buffer.from([0x80]), 7), 'critical'),
    extension('2.5.29.37', sequence(oid(purpose))),
  ];
}

/** A name is [2], an address is [7] (RFC 5280 §4.2.1.6). */
function alternativeNames(names: readonly string[]): Buffer {
  const each = names.map((name) => {
    const address = addressBytes(name);
    return address ? der(0x87, address) : der(0x82, Buffer.from(name, 'latin1'));
  });
  return extension('2.5.29.17', sequence(...each));
}

function addressBytes(name: string): Buffer | undefined {
  if (/^(\d+\.){3}\d+$/.test(name)) return Buffer.from(name.split('.').map(Number));
  if (!name.includes(':')) return undefined;
  const [head = [], tail] = name
    .split('::')
    .map((half) => half.split(':').filter((group) => group !== ''));
  const zeros = Array<string>(tail ? 8 - head.length - tail.length : 0).fill('0');
  const groups = [...head, ...zeros, ...(tail ?? [])];
  return Buffer.from(groups.map((group) => group.padStart(4, '0')).join(''), 'hex');
}

function keyIdentifier(spki: Buffer): Buffer {
  return extension('2.5.29.14', octets(keyId(spki)));
}

/** Any short name of the key will do (RFC 5280 §4.2.1.2). */
function keyId(spki: Buffer): Buffer {
  return createHash('sha256').update(spki).digest().subarray(0, 20);
}

function pem(content: Buffer): string {
  const lines = content.toString('base64').replace(/.{64}(?!$)/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

// Keys as BIND keeps them: `Kexample.net.+013+12345.key` with the DNSKEY record, `.private` with the secret. Knot, ldns and others
// read and write these too.
import { createPrivateKey, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { usageError } from '../errors.ts';
import { Name } from '../name.ts';
import { Type } from '../numbers.ts';
import { rdataToText } from '../rdata/rdata-text.ts';
import { parseRecord } from '../zone-file/parse-record.ts';
import { findAlgorithm, signData, verifyData } from './algorithm.ts';
import { importKey, type KeyRole, type SigningKey } from './signing-key.ts';

/** The two files of a key. */
export interface KeyFiles {
  /** Name of both, without `.key` and `.private`. */
  readonly name: string;
  readonly key: string;
  readonly private: string;
}

/** SECURE_ENTRY_POINT (RFC 4034 §2.1.1). */
const ENTRY_POINT = 0x0001;

/** Fields of a private key of RSA, and what a JSON Web Key calls them (RFC 7518 §6.3). */
const rsaFields = {
  Modulus: 'n',
  PublicExponent: 'e',
  PrivateExponent: 'd',
  Prime1: 'p',
  Prime2: 'q',
  Exponent1: 'dp',
  Exponent2: 'dq',
  Coefficient: 'qi',
} as const;

/**
 * The key in the text of both files, and the zone it is for.
 * @throws UsageError `HAWSER_DNS_KEY` for what is no such key, or another one than the record says
 */
export function parseKeyFiles(
  files: Pick<KeyFiles, 'key' | 'private'>,
  options: { readonly role?: KeyRole | undefined } = {},
): { readonly origin: Name; readonly key: SigningKey } {
  const line = files.key.split('\n').find((each) => /\sDNSKEY\s/.test(each.replace(/;.*/, '')));
  if (line === undefined) throw unusable('there is no DNSKEY record');
  const { origin, wire } = readDnskey(line.replace(/;.*/, ''));
  const flags = wire.readUInt16BE(0);
  const { role = flags & ENTRY_POINT ? 'csk' : 'zsk' } = options;
  const secret = readPrivate(files.private, wire);
  const key = importKey(wire[3] ?? 0, secret.export({ format: 'der', type: 'pkcs8' }), { role });
  if (!key.rdata.wire.equals(wire))
    throw unusable('the two files are not of one key, or of another role');
  return { origin, key };
}

/** The files of `key`, which signs the zone `origin`. The private one is a secret. */
export function formatKeyFiles(origin: Name, key: SigningKey): KeyFiles {
  const { number, name } = key.algorithm;
  const zone = origin.isRoot ? '.' : `${origin}.`;
  const jwk = createPrivateKey({
    key: key.exportPrivateKey(),
    format: 'der',
    type: 'pkcs8',
  }).export({ format: 'jwk' });
  const fields = jwk.kty === 'RSA' ? Object.entries(rsaFields) : [['PrivateKey', 'd'] as const];
  const secrets = fields.map(([label, field]) => {
    const octets = Buffer.from(String(jwk[field]), 'base64url');
    return `${label}: ${octets.toString('base64')}`;
  });
  const digits = (count: number, value: number): string => String(value).padStart(count, '0');
  return {
    name: `K${zone.toLowerCase()}+${digits(3, number)}+${digits(5, key.tag)}`,
    key: `${zone} 3600 IN DNSKEY ${rdataToText(Type.DNSKEY, key.rdata)}\n`,
    private: ['Private-key-format: v1.3', `Algorithm: ${number} (${name})`, ...secrets, ''].join(
      '\n',
    ),
  };
}

function readDnskey(line: string): { readonly origin: Name; readonly wire: Buffer } {
  try {
    const { name, type, rdata } = parseRecord(line, { origin: Name.root, ttl: 0 });
    if (type === Type.DNSKEY) return { origin: name, wire: rdata.wire };
  } catch (error) {
    throw unusable(`its record is none: ${error instanceof Error ? error.message : String(error)}`);
  }
  throw unusable('its record is of another type');
}

function readPrivate(text: string, dnskey: Buffer): KeyObject {
  const fields = new Map<string, string>();
  for (const line of text.split('\n')) {
    const match = /^([\w-]+):\s*(.*?)\s*$/.exec(line);
    if (match !== null) fields.set(match[1] ?? '', match[2] ?? '');
  }
  const version = fields.get('Private-key-format') ?? '';
  if (!/^v1\.[2-9]$/.test(version)) throw unusable('its format is not v1.2 or v1.3');
  const number = Number.parseInt(fields.get('Algorithm') ?? '', 10);
  const algorithm = findAlgorithm(number);
  if (algorithm === undefined || number !== dnskey[3])
    throw unusable(`its algorithm is ${fields.get('Algorithm') ?? 'missing'}`);
  const known = algorithm.toPublicKey(dnskey.subarray(4))?.export({ format: 'jwk' });
  if (known === undefined) throw unusable('its public key is none');
  const jwk: JsonWebKey = { ...known };
  const secrets = known.kty === 'RSA' ? Object.entries(rsaFields) : [['PrivateKey', 'd'] as const];
  for (const [label, field] of secrets) {
    const value = fields.get(label);
    if (value === undefined) throw unusable(`${label} is missing`);
    jwk[field] = Buffer.from(value, 'base64').toString('base64url');
  }
  const key = privateKeyOf(jwk);
  const data = Buffer.from('Do they belong together?');
  // The library takes any number for the secret of a point.
  const isPair =
    key !== undefined &&
    verifyData(algorithm, {
      data,
      signature: signData(algorithm, data, key),
      key: createPublicKey({ key: known, format: 'jwk' }),
    });
  if (!isPair) throw unusable('the private key does not belong to the public one');
  return key;
}

function privateKeyOf(key: JsonWebKey): KeyObject | undefined {
  try {
    return createPrivateKey({ key, format: 'jwk' });
  } catch {
    // The error of the library may show what it was given.
    return undefined;
  }
}

function unusable(why: string): Error {
  return usageError('HAWSER_DNS_KEY', `Cannot read a key as ${why}`);
}

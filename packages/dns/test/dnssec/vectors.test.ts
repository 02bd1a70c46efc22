// Examples of RFC 4034, 4509, 5702, 6605 and 8080 (as corrected by erratum 4935).
import { describe, expect, test } from 'vitest';
import { dsOf } from '../../src/dnssec/delegation-signer.ts';
import { formatKeyFiles, parseKeyFiles } from '../../src/dnssec/key-file.ts';
import { keyTagOf } from '../../src/dnssec/key-tag.ts';
import { signRRset } from '../../src/dnssec/sign-rrset.ts';
import { generateKey, importKey } from '../../src/dnssec/signing-key.ts';
import { verifyRRset } from '../../src/dnssec/verify.ts';
import { Name } from '../../src/name.ts';
import { Type } from '../../src/numbers.ts';
import { rdataFromText, rdataToText } from '../../src/rdata/rdata-text.ts';
import { createRRset } from '../../src/zone/rrset.ts';
import { rrsetsFrom } from '../zone/zone-text.ts';

const p256 =
  '257 3 13 GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA==';
const p384 =
  '257 3 14 xKYaNhWdGOfJ+nPrL8/arkwf2EY3MDJ+SErKivBVSum1w/egsXvSADtNJhyem5RCOpgQ6K8X1DRSEkrbYQ+OB+v8/uX45NBwY8rp65F6Glur8I/mlVNgF6W/qTI37m40';
const edwards = '257 3 15 l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=';
const edwards2 = '257 3 15 zPnZ/QwEe7S8C5SPz2OfS5RR40ATk2/rYnE9xHIEijs=';
const sha1 =
  '256 3 5 AQOeiiR0GOMYkDshWoSKz9XzfwJr1AYtsmx3TGkJaNXVbfi/2pHm822aJ5iI9BMzNXxeYCmZDRD99WYwYqUSdjMmmAphXdvxegXd/M5+X7OrzKBaMbCVdFLUUh6DhweJBjEVv5f2wwjM9XzcnOf+EPbtG9DMBmADjFDc2w/rljwvFw==';
const rsa512 =
  '256 3 10 AwEAAdHoNTOW+et86KuJOWRDp1pndvwb6Y83nSVXXyLA3DLroROUkN6X0O6pnWnjJQujX/AyhqFDxj13tOnD9u/1kTg7cV6rklMrZDtJCQ5PCl/D7QNPsgVsMu1J2Q8gpMpztNFLpPBz1bWXjDtaR7ZQBlZ3PFY12ZTSncorffcGmhOL';

const keyOf = (text: string) => ({ rdata: rdataFromText(Type.DNSKEY, text) });

test.each([
  ['a modulus of 4104 bits', Buffer.concat([Buffer.from([1, 3]), Buffer.alloc(513, 0xff)])],
  [
    'an exponent of 5 octets',
    Buffer.concat([Buffer.from([5]), Buffer.alloc(5, 1), Buffer.alloc(256, 0xff)]),
  ],
  ['no modulus', Buffer.from([1, 3])],
])('an RSA key with %s verifies nothing', (_what, octets) => {
  const wire = Buffer.concat([Buffer.from([1, 0, 3, 8]), octets]);
  const key = rdataFromText(Type.DNSKEY, `\\# ${wire.length} ${wire.toString('hex')}`);
  const rrset = createRRset(Name.parse('example.net'), Type.A, { ttl: 60, values: ['192.0.2.1'] });
  const head = `A 8 2 60 20300101000000 20200101000000 ${keyTagOf(key.wire)} example.net.`;
  const signature = rdataFromText(Type.RRSIG, `${head} ${Buffer.alloc(256).toString('base64')}`);
  expect(verifyRRset(rrset, { signature, key })).toBe('the key is none we understand');
});

test.each([
  [
    'RFC 4509 §2.3',
    'dskey.example.com',
    sha1,
    2,
    '60485 5 2 d4b7d520e7bb5f0f67674a0cceb1e3e0614b93c4f9e99b8383f6a1e4469da50a',
  ],
  [
    'RFC 6605 §6.1',
    'example.net',
    p256,
    2,
    '55648 13 2 b4c8c1fe2e7477127b27115656ad6256f424625bf5c1e2770ce6d6e37df61d17',
  ],
  [
    'RFC 6605 §6.2',
    'Example.NET',
    p384,
    4,
    '10771 14 4 72d7b62976ce06438e9c0bf319013cf801f09ecc84b8d7e9495f27e305c6a9b0563a9b5f4d288405c3008a946df983d6',
  ],
  [
    'RFC 8080 §6.1',
    'example.com',
    edwards,
    2,
    '3613 15 2 3aa5ab37efce57f737fc1627013fee07bdf241bd10f3b1964ab55c78e79a304b',
  ],
  [
    'RFC 8080 §6.1',
    'example.com',
    edwards2,
    2,
    '35217 15 2 401781b934e392de492ec77ae2e15d70f6575a1c0bc59c5275c04ebe80c6614c',
  ],
] as const)('%s: DS and tag of the key of %s', (_, origin, key, digest, ds) => {
  const made = dsOf(Name.parse(origin), keyOf(key), digest);
  expect(rdataToText(Type.DS, made).toLowerCase()).toBe(ds);
  expect(keyTagOf(keyOf(key).rdata.wire)).toBe(Number(ds.split(' ')[0]));
});

const a = (address: string) =>
  createRRset(Name.parse('www.example.net'), Type.A, { ttl: 3600, values: [address] });
const mx = createRRset(Name.parse('example.com'), Type.MX, {
  ttl: 3600,
  values: ['10 mail.example.com'],
});

describe.each([
  [
    'RFC 5702 §6.2',
    rsa512,
    a('192.0.2.91'),
    'A 10 3 3600 20300101000000 20000101000000 3740 example.net. tsb4wnjRUDnB1BUi+t6TMTXThjVnG+eCkWqjvvjhzQL1d0YRoOe0CbxrVDYd0xDtsuJRaeUw1ep94PzEWzr0iGYgZBWm/zpq+9fOuagYJRfDqfReKBzMweOLDiNa8iP5g9vMhpuv6OPlvpXwm9Sa9ZXIbNl1MBGk0fthPgxdDLw=',
  ],
  [
    'RFC 6605 §6.1',
    p256,
    a('192.0.2.1'),
    'A 13 3 3600 20100909100439 20100812100439 55648 example.net. qx6wLYqmh+l9oCKTN6qIc+bw6ya+KJ8oMz0YP107epXAyGmt+3SNruPFKG7tZoLBLlUzGGus7ZwmwWep666VCw==',
  ],
  [
    'RFC 6605 §6.2',
    p384,
    a('192.0.2.1'),
    'A 14 3 3600 20100909102025 20100812102025 10771 example.net. /L5hDKIvGDyI1fcARX3z65qrmPsVz73QD1Mr5CEqOiLP95hxQouuroGCeZOvzFaxsT8Glr74hbavRKayJNuydCuzWTSSPdz7wnqXL5bdcJzusdnI0RSMROxxwGipWcJm',
  ],
  [
    'RFC 8080 §6.1, first key',
    edwards,
    mx,
    'MX 15 2 3600 20150819220000 20150729220000 3613 example.com. oL9krJun7xfBOIWcGHi7mag5/hdZrKWw15jPGrHpjQeRAvTdszaPD+QLs3fx8A4M3e23mRZ9VrbpMngwcrqNAg==',
  ],
  [
    'RFC 8080 §6.1, second key',
    edwards2,
    mx,
    'MX 15 2 3600 20150819220000 20150729220000 35217 example.com. zXQ0bkYgQTEFyfLyi9QoiY6D8ZdYo4wyUhVioYZXFdT410QPRITQSqJSnzQoSm5poJ7gD7AQR0O7KuI5k2pcBg==',
  ],
] as const)('%s', (_, key, rrset, text) => {
  const signature = rdataFromText(Type.RRSIG, text);
  const rdata = keyOf(key).rdata;

  test('its signature is right', () => {
    expect(verifyRRset(rrset, { signature, key: rdata })).toBeUndefined();
  });

  test('any other octet makes it wrong', () => {
    // But for the length of a label: that is no RDATA.
    for (const at of [0, 2, 3, 7, 11, 15, 17, 20, 40, signature.wire.length - 1]) {
      const wire = Buffer.from(signature.wire);
      wire[at] = (wire[at] ?? 0) ^ 1;
      const changed = { ...signature, wire };
      expect(verifyRRset(rrset, { signature: changed, key: rdata })).toBeDefined();
    }
    const other = { ...rrset, records: [...rrset.records, ...a('192.0.2.99').records] };
    expect(verifyRRset(other, { signature, key: rdata })).toBe('it is wrong');
    expect(verifyRRset({ ...rrset, ttl: 3601 }, { signature, key: rdata })).toBeDefined();
  });

  test('it counts from its beginning to its end', () => {
    const [from, to] = [signature.wire.readUInt32BE(12), signature.wire.readUInt32BE(8)];
    const at = (atSeconds: number) => verifyRRset(rrset, { signature, key: rdata }, { atSeconds });
    expect([at(from - 1), at(from), at(to), at(to + 1)]).toEqual([
      'it does not count yet',
      undefined,
      undefined,
      'it has expired',
    ]);
  });
});

test.each([
  [
    'ODIyNjAzODQ2MjgwODAxMjI2NDUxOTAyMDQxNDIyNjI=',
    edwards,
    'oL9krJun7xfBOIWcGHi7mag5/hdZrKWw15jPGrHpjQeRAvTdszaPD+QLs3fx8A4M3e23mRZ9VrbpMngwcrqNAg==',
  ],
  [
    'DSSF3o0s0f+ElWzj9E/Osxw8hLpk55chkmx0LYN5WiY=',
    edwards2,
    'zXQ0bkYgQTEFyfLyi9QoiY6D8ZdYo4wyUhVioYZXFdT410QPRITQSqJSnzQoSm5poJ7gD7AQR0O7KuI5k2pcBg==',
  ],
])('RFC 8080 §6.1: signing gives that very signature', (secret, dnskey, expected) => {
  const { key, origin } = parseKeyFiles({
    key: `example.com. 3600 IN DNSKEY ${dnskey}\n`,
    private: `Private-key-format: v1.2\nAlgorithm: 15 (ED25519)\nPrivateKey: ${secret}\n`,
  });
  const made = signRRset(mx, {
    key,
    signer: origin,
    inception: 1438207200,
    expiration: 1440021600,
  });
  expect(rdataToText(Type.RRSIG, made).split(' ').slice(8).join('')).toBe(expected);
});

describe('files of keys', () => {
  const origin = Name.parse('example.net');

  test.each(['ECDSAP256SHA256', 'ED25519'] as const)('%s: what is written is read', (algorithm) => {
    for (const role of ['csk', 'ksk', 'zsk'] as const) {
      const key = generateKey(algorithm, { role });
      const files = formatKeyFiles(origin, key);
      const read = parseKeyFiles(files, { role });
      expect(read.origin.equals(origin)).toBe(true);
      expect(read.key.rdata.wire).toEqual(key.rdata.wire);
      expect(read.key.exportPrivateKey()).toEqual(key.exportPrivateKey());
    }
  });

  test('what is no key is told without showing it', () => {
    const good = formatKeyFiles(origin, generateKey());
    const other = formatKeyFiles(origin, generateKey());
    const secret = /PrivateKey: (.*)/.exec(good.private)?.[1] ?? '';
    for (const files of [
      { ...good, private: other.private },
      { ...good, private: good.private.replace('PrivateKey', 'Private') },
      { ...good, private: good.private.replace('v1.3', 'v2.0') },
      { ...good, private: good.private.replace(secret, `${secret.slice(0, 8)}==`) },
      { ...good, private: good.private.replace('13 (', '8 (') },
      { ...good, key: '; nothing\n' },
      { ...good, key: good.key.replace('257', 'many') },
      { ...good, key: good.key.replace('example', 'example.') },
      { ...good, key: 'example.net. TXT " DNSKEY "\n' },
    ]) {
      let thrown: unknown;
      try {
        parseKeyFiles(files);
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toMatchObject({ code: 'HAWSER_DNS_KEY' });
      expect(String((thrown as Error).stack)).not.toContain(secret);
    }
    expect(() => importKey('ED25519', Buffer.from('nonsense'))).toThrow('Cannot use a private key');
    expect(() => generateKey('RSASHA1' as never)).toThrow('Cannot make a key');
  });
});

test('records are signed in canonical order and case, a wildcard with one label less', () => {
  const origin = Name.parse('example.net');
  const key = generateKey();
  const [rrset] = rrsetsFrom('*.W MX 10 Mail\n*.W MX 5 b\n*.W MX 10 mail', origin);
  const [same] = rrsetsFrom('*.w MX 5 B\n*.w MX 10 mail', origin);
  if (rrset === undefined || same === undefined) throw new Error('there is no RRset');
  const times = { inception: 1000, expiration: 2000 };
  const signature = signRRset(rrset, { key, signer: origin, ...times });
  expect(signature.wire[3]).toBe(3);
  expect(verifyRRset(same, { signature, key: key.rdata })).toBeUndefined();
  const owner = Name.parse('any.thing.w.example.net');
  expect(verifyRRset(same, { signature, key: key.rdata }, { owner })).toBeUndefined();
});

import { describe, expect, test } from 'vitest';
import { type TsigAlgorithmName } from '../../src/tsig/algorithm.ts';
import { tsigKey } from '../../src/tsig/key.ts';
import { parseTsigKey, parseTsigKeyFile } from '../../src/tsig/key-text.ts';

const secret = 'c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LTEyMw==';
/** What a MAC of the key is, to compare secrets without showing them. */
const macOf = (key: ReturnType<typeof tsigKey>): string => key.hmac().update('x').digest('hex');

describe('tsigKey', () => {
  test.each<[TsigAlgorithmName, number, string]>([
    ['hmac-sha256', 32, 'hmac-sha256'],
    ['hmac-sha384', 48, 'hmac-sha384'],
    ['hmac-sha512', 64, 'hmac-sha512'],
    ['hmac-sha224', 28, 'hmac-sha224'],
    ['hmac-sha1', 20, 'hmac-sha1'],
    ['hmac-sha256-128', 16, 'hmac-sha256-128'],
    ['hmac-sha384-192', 24, 'hmac-sha384-192'],
    ['hmac-sha512-256', 32, 'hmac-sha512-256'],
  ])('%s has MACs of %i octets', (algorithm, macBytes, wireName) => {
    const key = tsigKey('k', algorithm, secret);
    expect(key.macBytes).toBe(macBytes);
    expect(key.algorithm.wireName.toString()).toBe(wireName);
  });

  test('hmac-md5 is off by default', () => {
    expect(() => tsigKey('k', 'hmac-md5', secret)).toThrow(
      expect.objectContaining({ code: 'HAWSER_DNS_KEY' }),
    );
    const key = tsigKey('k', 'hmac-md5', secret, { md5: true });
    expect(key.algorithm.wireName.toString()).toBe('hmac-md5.sig-alg.reg.int');
  });

  test.each([
    ['', 'hmac-sha256', secret],
    ['.', 'hmac-sha256', secret],
    ['k', 'hmac-sha3', secret],
    ['k', undefined, secret],
    ['k', 'hmac-sha256', ''],
    ['k', 'hmac-sha256', undefined],
  ])('a key of %j, %j, %j is none', (name, algorithm, octets) => {
    expect(() => tsigKey(name, algorithm as TsigAlgorithmName, octets as string)).toThrow(
      expect.objectContaining({ name: 'UsageError', code: 'HAWSER_DNS_KEY' }),
    );
  });

  test('octets and base64 are the same secret', () => {
    const octets = Buffer.from(secret, 'base64');
    expect(macOf(tsigKey('k', 'hmac-sha256', octets))).toBe(
      macOf(tsigKey('k', 'hmac-sha256', secret)),
    );
  });

  test.each([
    ['an empty secret', () => tsigKey('k', 'hmac-sha256', '')],
    ['a secret of no octets', () => tsigKey('k', 'hmac-sha256', Buffer.alloc(0))],
    ['a secret that is no base64', () => tsigKey('k', 'hmac-sha256', 'top_secret!!')],
    ['a secret without its padding', () => tsigKey('k', 'hmac-sha256', 'c2VjcmV')],
    ['an unknown algorithm', () => tsigKey('k', 'hmac-sha3' as TsigAlgorithmName, secret)],
    ['MACs shorter than half', () => tsigKey('k', 'hmac-sha256', secret, { macBytes: 15 })],
    ['MACs shorter than 10', () => tsigKey('k', 'hmac-sha1', secret, { macBytes: 9 })],
    ['MACs longer than the hash', () => tsigKey('k', 'hmac-sha256', secret, { macBytes: 33 })],
  ])('refuses %s, and does not show the secret', (_, make) => {
    const error = thrownBy(make);
    expect(error).toMatchObject({ code: 'HAWSER_DNS_KEY' });
    for (const text of [secret, 'top_secret', 'c2VjcmV']) expect(`${error}`).not.toContain(text);
  });
});

describe('parseTsigKey', () => {
  test.each([
    [`hmac-sha512:update.example:${secret}`, 'hmac-sha512:update.example', 64],
    [`HMAC-SHA1:update.example.:${secret}`, 'hmac-sha1:update.example', 20],
    [`update.example:${secret}`, 'hmac-sha256:update.example', 32],
    [`hmac-sha256-128:k:${secret}`, 'hmac-sha256:k', 16],
  ])('%s', (text, shown, macBytes) => {
    const key = parseTsigKey(text);
    expect([`${key}`, key.macBytes]).toEqual([shown, macBytes]);
  });

  test.each([
    '',
    secret,
    `a:b:c:${secret}`,
    `md4:k:${secret}`,
    `hmac-sha256-12:k:${secret}`,
    `k:${secret}!`,
  ])('refuses "%s" without showing it', (text) => {
    const error = thrownBy(() => parseTsigKey(text));
    expect(error).toMatchObject({ code: 'HAWSER_DNS_KEY' });
    expect(`${error}`).not.toContain(secret);
  });
});

describe('parseTsigKeyFile', () => {
  test('reads what tsig-keygen writes', () => {
    const text = `key "ddns-key.example.net" {\n\talgorithm hmac-sha256;\n\tsecret "${secret}";\n};\n`;
    const [key, ...rest] = parseTsigKeyFile(text);
    expect([`${key}`, rest]).toEqual(['hmac-sha256:ddns-key.example.net', []]);
    expect(macOf(key as NonNullable<typeof key>)).toBe(macOf(tsigKey('k', 'hmac-sha256', secret)));
  });

  test('reads several keys with comments, any order, and words without quotes', () => {
    const text = `
      // for the first
      key one { secret ${secret}; algorithm hmac-sha1; };;
      /* for the
         second */
      key "two" { # here
        algorithm "hmac-sha512-256"; secret "${secret}"; }`;
    expect(parseTsigKeyFile(text).map((key) => `${key}/${key.macBytes}`)).toEqual([
      'hmac-sha1:one/20',
      'hmac-sha512:two/32',
    ]);
  });

  test('an empty file has none', () => {
    expect(parseTsigKeyFile('  # nothing\n')).toEqual([]);
  });

  test.each([
    ['another statement', 'options { };', 'line 1'],
    ['a key that does not end', `key "k" {\nsecret "${secret}";\n`, 'line 3'],
    ['a key without a secret', '\nkey "k" { algorithm hmac-sha256; };', 'line 2'],
    ['a key without an algorithm', `\n\nkey "k" { secret "${secret}"; };`, 'line 3'],
    ['an unknown algorithm', `key k { algorithm hmac-x; secret "${secret}"; };`, 'line 1'],
    ['a string without its end', `key k {\nalgorithm hmac-sha1; secret "${secret}\n; };`, 'line 2'],
    ['a semicolon that is missing', `key k { algorithm hmac-sha1 secret "${secret}"; };`, 'line 1'],
  ])('refuses %s with the line and without the secret', (_, text, line) => {
    const error = thrownBy(() => parseTsigKeyFile(text));
    expect(error).toMatchObject({ code: 'HAWSER_DNS_KEY' });
    expect(`${error}`).toContain(line);
    expect(`${error}`).not.toContain(secret);
  });
});

function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

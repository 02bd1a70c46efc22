import type { Transport } from '@hawser/core';
import { SeededRandom } from '@hawser/core/testing';
import { describe, expect, test } from 'vitest';
import { isNamed, requestUrl, type UrlParts } from '../../src/web/request-url.ts';
import { FakeExchange } from './fake-exchange.ts';

function urlOf(
  authority: string | undefined,
  target: string,
  more: Partial<UrlParts> = {},
): string | undefined {
  const { transport } = new FakeExchange();
  return requestUrl({ method: 'GET', scheme: 'http', authority, target, transport, ...more });
}

describe('requestUrl', () => {
  const HOSTS = [
    'a',
    'a.example',
    'a-b.c',
    'A.B',
    'a.',
    '127.0.0.1',
    '127.1',
    '256.1.1.1',
    '1.2.3.4.5',
    '0x7f.1',
    'a.1',
    '1',
    '1a',
    'xn--a',
    'xn--bcher-kva.example',
    'xn--',
    'a_b',
    '[::1]',
    '[::1',
    '[1:2:3:4:5:6:7:8]',
    '%41',
    'a%2fb',
    '',
    '-',
    'a..b',
    '.a',
    '255.255.255.255',
    '01.2.3.4',
    "a!$&'()*+,;=",
    'a~b',
  ];
  const PORTS = [
    '',
    ':',
    ':80',
    ':443',
    ':8080',
    ':0',
    ':080',
    ':65535',
    ':65536',
    ':59999',
    ':60000',
    ':99999',
    ':a',
  ];
  const PIECES = [
    '/',
    '/',
    '/',
    'a',
    'B',
    '.',
    '..',
    '%2e',
    '%2E',
    '%41',
    '%',
    '%zz',
    '?',
    '?',
    '=',
    '&',
    "'",
    '"',
    '<',
    '{',
    '|',
    '^',
    '`',
    '\\',
    ';',
    '@',
    ':',
    '~',
    '*',
    '+',
    ',',
    '!',
    '(',
    ')',
    '$',
    '-',
    '_',
  ];

  test('is what the URL parser makes of it, for every host and port', () => {
    for (const host of HOSTS) {
      for (const port of PORTS) {
        const authority = `${host}${port}`;
        for (const scheme of ['http', 'https'] as const) {
          const text = `${scheme}://${authority}/x`;
          const expected = host !== '' && URL.canParse(text) ? new URL(text).href : undefined;
          expect([text, urlOf(authority, '/x', { scheme })]).toEqual([text, expected]);
        }
      }
    }
  });

  test('is there for certain where a glance says so', () => {
    const { transport } = new FakeExchange();
    let seen = 0;
    for (const host of HOSTS) {
      for (const port of PORTS) {
        for (const target of ['/x', '//y', '/', '*', '']) {
          for (const method of ['GET', 'CONNECT']) {
            const authority = `${host}${port}`;
            const parts: UrlParts = { method, scheme: 'http', authority, target, transport };
            // Twice, as it remembers.
            if (!isNamed(parts) || !isNamed(parts)) continue;
            seen += 1;
            expect([parts, typeof requestUrl(parts)]).toEqual([parts, 'string']);
          }
        }
      }
    }
    expect(seen).toBeGreaterThan(40);
  });

  test.each([1, 2, 3, 4])(
    'is what the URL parser makes of it, for any target (seed %i)',
    (seed) => {
      const random = new SeededRandom(seed);
      for (let round = 0; round < 3_000; round++) {
        const target = `/${Array.from({ length: random.below(10) }, () => PIECES[random.below(PIECES.length)]).join('')}`;
        expect([target, urlOf('a.example', target)]).toEqual([
          target,
          new URL(`http://a.example${target}`).href,
        ]);
      }
    },
  );

  test('keeps a second slash out of the host', () => {
    expect(urlOf('a.example', '//evil.example/x')).toBe('http://a.example//evil.example/x');
  });

  test.each(['a@b', 'a/b', 'a?b', 'a#b', 'a\\b', 'a b', 'a,b c', 'user:pw@a', 'ä'])(
    'is none for the authority %j',
    (authority) => {
      expect(urlOf(authority, '/')).toBe(undefined);
    },
  );

  test.each(['*', '', 'x', 'http://b/'])('is none for the target %j', (target) => {
    expect(urlOf('a', target)).toBe(undefined);
  });

  test('of CONNECT is that of the host', () => {
    expect(urlOf('a:1', 'b.example:443', { method: 'CONNECT' })).toBe('http://b.example:443/');
    expect(urlOf('a:1', 'b@c:443', { method: 'CONNECT' })).toBe(undefined);
  });

  test('without a Host is where the client has connected to', () => {
    const at = (local: Transport['local']): string | undefined =>
      urlOf(undefined, '/', { transport: { local } as Transport });
    expect(at({ kind: 'tcp', host: '127.0.0.1', port: 8080, family: 4 })).toBe(
      'http://127.0.0.1:8080/',
    );
    expect(at({ kind: 'tcp', host: '::1', port: 80, family: 6 })).toBe('http://[::1]/');
    expect(at({ kind: 'unix', path: '/run/x' })).toBe('http://localhost/');
  });

  test('is found in time for a long target that is nearly plain', () => {
    const target = `/${'a.'.repeat(4_000)}"`;
    expect(urlOf(`${'a-'.repeat(4_000)}a`, target)).toMatch(/%22$/);
    expect(urlOf(`${'a.'.repeat(4_000)}-`, target)).toBeDefined();
  });
});

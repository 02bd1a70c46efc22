import { createTestReactor } from '@hawser/core/testing';
import { describe, expect, test } from 'vitest';
import { type CookieJar, cookieJar } from '../../src/index.ts';

const url = (text: string): URL => new URL(text);

function jarWith(lines: readonly string[], from = 'https://www.example.com/'): CookieJar {
  const jar = cookieJar(createTestReactor().clock);
  jar.take(url(from), lines);
  return jar;
}

describe('a cookie jar', () => {
  test('gives cookies to whom they are for', () => {
    const jar = jarWith([
      'a=1',
      'b=2; Domain=example.com',
      'c=3; Secure',
      'd=4; Path=/deep',
      'e=5; HttpOnly',
    ]);
    expect(jar.cookiesFor(url('https://www.example.com/'))).toBe('a=1; b=2; c=3; e=5');
    expect(jar.cookiesFor(url('https://www.example.com/deep/er'))).toBe('d=4; a=1; b=2; c=3; e=5');
    expect(jar.cookiesFor(url('http://www.example.com/'))).toBe('a=1; b=2; e=5');
    expect(jar.cookiesFor(url('https://other.example.com/'))).toBe('b=2');
    expect(jar.cookiesFor(url('https://example.org/'))).toBeUndefined();
  });

  test.each([
    ['for a public suffix', 'a=1; Domain=co.uk', 'https://shop.co.uk/'],
    ['for somebody else', 'a=1; Domain=example.org', 'https://www.example.com/'],
    ['that breaks the promise of its name', '__Host-a=1; Path=/', 'https://www.example.com/'],
    ['that is none', '', 'https://www.example.com/'],
    ['that is too long', `a=${'x'.repeat(5_000)}`, 'https://www.example.com/'],
  ])('refuses a cookie %s', (_, line, from) => {
    expect(jarWith([line], from).cookiesFor(url(from))).toBeUndefined();
  });

  test('lets cookies expire on the clock of the reactor, from when they were set', async () => {
    const { clock } = createTestReactor();
    const jar = cookieJar(clock);
    const at = url('https://www.example.com/');
    jar.take(at, ['a=1; Max-Age=60', 'b=2; Expires=Thu, 01 Jan 2026 00:02:00 GMT', 'c=3']);
    clock.advance(59_999);
    expect(jar.cookiesFor(at)).toBe('a=1; b=2; c=3');
    clock.advance(1);
    expect(jar.cookiesFor(at)).toBe('b=2; c=3');
    clock.advance(60_000);
    expect(jar.cookiesFor(at)).toBe('c=3');
    jar.take(at, ['c=; Max-Age=0']);
    expect(jar.cookiesFor(at)).toBeUndefined();
  });

  test('is bounded, and forgets what was not used for longest', () => {
    const { clock } = createTestReactor();
    const jar = cookieJar(clock, { maxCookies: 5, maxPerDomain: 3 });
    const at = url('https://www.example.com/');
    jar.take(at, ['a=1; Path=/a', 'b=1; Path=/b', 'c=1; Path=/c']);
    jar.cookiesFor(url('https://www.example.com/a'));
    jar.take(at, ['d=1; Path=/d']);
    expect(['/a', '/b', '/c', '/d'].map((path) => jar.cookiesFor(new URL(path, at)))).toEqual([
      'a=1',
      undefined,
      'c=1',
      'd=1',
    ]);
    for (let host = 0; host < 20; host++) jar.take(url(`https://www${host}.example.org/`), ['a=1']);
    const left = Array.from({ length: 20 }, (_, host) =>
      jar.cookiesFor(url(`https://www${host}.example.org/`)),
    ).filter(Boolean);
    expect(left).toHaveLength(5);
  });

  test.each(['__host-a', '__HOST-a', '__SECURE-a'])(
    'refuses a name that passes for a prefix: %s',
    (name) => {
      expect(
        jarWith([`${name}=1; Secure; Path=/`]).cookiesFor(url('https://www.example.com/')),
      ).toBe(undefined);
    },
  );

  test.each(['test', 'local', 'example'])(
    'keeps nothing for a host %s, and says so quietly',
    (host) => {
      const jar = jarWith(['a=1'], `http://${host}/`);
      expect(jar.cookiesFor(url(`http://${host}/`))).toBeUndefined();
    },
  );
});

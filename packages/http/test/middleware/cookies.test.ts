import { SeededRandom } from '@hawser/core/testing';
import { describe, expect, test } from 'vitest';
import {
  formatCookie,
  readCookies,
  removeCookie,
  setCookie,
} from '../../src/middleware/cookies.ts';
import { signedCookies } from '../../src/middleware/signed-cookies.ts';
import { HttpResponse } from '../../src/web/http-response.ts';

function withCookie(field: string): Request {
  return new Request('http://example.net/', { headers: { cookie: field } });
}

/** What a browser would send after it got the response. */
function sentBack(response: Response): Request {
  const pairs = response.headers.getSetCookie().map((line) => line.split(';')[0]);
  return withCookie(pairs.join('; '));
}

describe('cookies', () => {
  test('are safe unless something else is said', () => {
    expect(formatCookie('a', 'b')).toBe('a=b; Path=/; HttpOnly; Secure; SameSite=Lax');
    const options = { httpOnly: false, secure: false, sameSite: 'strict', maxAge: 60 } as const;
    expect(formatCookie('a', 'b', { ...options, path: '/x', domain: 'example.net' })).toBe(
      'a=b; Max-Age=60; Domain=example.net; Path=/x; SameSite=Strict',
    );
  });

  test('of any text come back as they were', () => {
    const random = new SeededRandom(5);
    for (let round = 0; round < 500; round += 1) {
      const length = Math.floor(random.float() * 20);
      const codes = Array.from({ length }, () => Math.floor(random.float() * 0xd7ff));
      const value = String.fromCodePoint(...codes);
      const response = setCookie(new HttpResponse(''), 'name', value);
      expect(response.headers.getSetCookie()[0]).toMatch(/^[\u0020-\u007e]+$/);
      expect(readCookies(sentBack(response))['name']).toBe(value);
    }
  });

  test('are added to those that are there', () => {
    const one = setCookie(new HttpResponse('', { headers: { 'x-a': '1' } }), 'a', '1');
    const two = setCookie(one, 'b', '2');
    expect(readCookies(sentBack(two))).toEqual({ a: '1', b: '2' });
    expect(two.headers.get('x-a')).toBe('1');
  });

  test('never stay on a response that is given again', () => {
    const pong = new HttpResponse('pong');
    const empty = new Response(null, { status: 204 });
    expect(setCookie(pong, 'a', '1')).not.toBe(pong);
    expect(setCookie(empty, 'a', '1').headers.getSetCookie()).toHaveLength(1);
    expect(pong.headers.getSetCookie()).toEqual([]);
    expect(empty.headers.getSetCookie()).toEqual([]);
  });

  test('are set on responses whose headers are closed', async () => {
    const redirect = setCookie(Response.redirect('http://example.net/', 302), 'a', '1');
    expect([redirect.status, redirect.headers.getSetCookie().length]).toEqual([302, 1]);
    expect(redirect.headers.get('location')).toBe('http://example.net/');
  });

  test('are removed', () => {
    const response = removeCookie(new HttpResponse(''), '__Host-a');
    expect(response.headers.getSetCookie()).toEqual([
      '__Host-a=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax',
    ]);
  });

  test.each([
    ['a b', 'x', {}],
    ['', 'x', {}],
    ['a=', 'x', {}],
    ['a', '\ud800', {}],
    ['a', 'x'.repeat(4_095), {}],
    ['a', 'x', { path: 'x' }],
    ['a', 'x', { path: '/;b' }],
    ['a', 'x', { domain: 'a;b' }],
    ['a', 'x', { maxAge: 1.5 }],
    ['a', 'x', { sameSite: 'none', secure: false }],
    ['a', 'x', { partitioned: true, secure: false }],
    ['__Host-a', 'x', { path: '/x' }],
    ['__Host-a', 'x', { domain: 'example.net' }],
    ['__host-a', 'x', { secure: false }],
    ['__SECURE-a', 'x', { secure: false }],
  ] as const)('%j=%j with %j is refused', (name, value, options) => {
    expect(() => formatCookie(name, value, options)).toThrow(
      expect.objectContaining({ code: 'HAWSER_HTTP_BAD_COOKIE' }),
    );
  });

  test('as long as browsers take are set', () => {
    expect(formatCookie('a', 'x'.repeat(4_094))).toContain('xxx');
  });

  test.each([
    ['a=1; a=2', { a: '1' }],
    ['a=%41; b=%zz; c', { a: 'A', b: '%zz' }],
    ['__proto__=1; toString=2', { ['__proto__']: '1', toString: '2' }],
    ['=x; ;;', { '': 'x' }],
  ])('%s are read', (field, cookies) => {
    const read = readCookies(withCookie(field));
    expect(Object.entries(read)).toEqual(Object.entries(cookies));
  });

  test('nobody sent are none', () => {
    expect(readCookies(new Request('http://example.net/'))['a']).toBeUndefined();
    expect(readCookies(withCookie('a=1'))['toString']).toBeUndefined();
  });
});

describe('signed cookies', () => {
  const KEY = 'k'.repeat(32);
  const OLD = new Uint8Array(32).fill(7);
  const cookies = signedCookies({ keys: [KEY] });

  test('come back as they were', () => {
    for (const value of ['', 'ada', 'a.b', 'é; "x"', '.'.repeat(50)]) {
      expect(cookies.read(sentBack(cookies.set(new HttpResponse(''), 'u', value)), 'u')).toBe(
        value,
      );
    }
  });

  test('that were changed in any place are none', () => {
    const line = cookies.set(new HttpResponse(''), 'user', 'ada').headers.getSetCookie()[0] ?? '';
    const text = line.slice('user='.length, line.indexOf(';'));
    expect(cookies.read(withCookie(`user=${text}`), 'user')).toBe('ada');
    for (let at = 0; at < text.length; at += 1) {
      for (const change of ['', 'A', '.', '_', '%00']) {
        const other = text.slice(0, at) + change + text.slice(at + 1);
        if (other === text) continue;
        expect(cookies.read(withCookie(`user=${other}`), 'user')).toBeUndefined();
      }
    }
  });

  test('do not pass under another name', () => {
    const request = sentBack(cookies.set(new HttpResponse(''), 'a', 'x'));
    const field = request.headers.get('cookie')?.replace('a=', 'b=') ?? '';
    expect(cookies.read(withCookie(field), 'b')).toBeUndefined();
  });

  test('are read with an older key, and written with the newest', () => {
    const before = sentBack(signedCookies({ keys: [OLD] }).set(new HttpResponse(''), 'a', 'x'));
    const both = signedCookies({ keys: [KEY, OLD] });
    expect(both.read(before, 'a')).toBe('x');
    expect(cookies.read(before, 'a')).toBeUndefined();
    expect(cookies.read(sentBack(both.set(new HttpResponse(''), 'a', 'y')), 'a')).toBe('y');
  });

  test('need keys that are long enough', () => {
    expect(() => signedCookies({ keys: [] })).toThrow(RangeError);
    expect(() => signedCookies({ keys: [KEY, 'short'] })).toThrow('32 octets');
  });
});

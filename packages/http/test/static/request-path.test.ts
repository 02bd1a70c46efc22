import { describe, expect, test } from 'vitest';
import { readRequestPath } from '../../src/static/request-path.ts';

function segments(path: string, options?: Parameters<typeof readRequestPath>[1]): unknown {
  const read = readRequestPath(path, { platform: 'linux', ...options });
  return read.ok ? [read.segments, read.directory] : read.status;
}

describe('a path that is in order', () => {
  test.each<[path: string, names: string[], directory: boolean]>([
    ['/', [], true],
    ['/a', ['a'], false],
    ['/a/', ['a'], true],
    ['/a/b.txt', ['a', 'b.txt'], false],
    ['/a%20b', ['a b'], false],
    ['/%C3%BC/%E2%82%AC', ['ü', '€'], false],
    ['/a+b', ['a+b'], false],
    ['/a%2Bb', ['a+b'], false],
    ['/a%3Fb%23c', ['a?b#c'], false],
    ['/100%25', ['100%'], false],
    ['/a...', ['a...'], false],
    ['/a..b', ['a..b'], false],
    ['/%252e%252e/%252f', ['%2e%2e', '%2f'], false],
    ['/a:b', ['a:b'], false],
    ['/con', ['con'], false],
    ['/.well-known/acme-challenge/x', ['.well-known', 'acme-challenge', 'x'], false],
    ['/%2Ewell-known/', ['.well-known'], true],
  ])('%s', (path, names, directory) => {
    expect(segments(path)).toEqual([names, directory]);
  });
});

describe('a path that could leave the root, or be read in two ways, is refused', () => {
  test.each<[path: string, status: number]>([
    ['/..', 404],
    ['/../', 404],
    ['/../etc/passwd', 404],
    ['/a/../b', 404],
    ['/a/..', 404],
    ['/.', 404],
    ['/./a', 404],
    ['/a/./b', 404],
    ['/%2e%2e/etc/passwd', 404],
    ['/%2E%2E/etc/passwd', 404],
    ['/.%2e/etc/passwd', 404],
    ['/%2e./etc/passwd', 404],
    ['/%2e', 404],
    ['/..%2fetc%2fpasswd', 404],
    ['/..%2Fetc', 404],
    ['/a%2fb', 404],
    ['/%2fetc/passwd', 404],
    ['/%2f', 404],
    ['/..%5cetc', 404],
    ['/a%5cb', 404],
    ['/%5c..%5c..', 404],
    ['/a\\b', 404],
    ['/..\\..\\windows', 404],
    ['/\\\\server\\share', 404],
    ['//', 404],
    ['//etc/passwd', 404],
    ['//evil.example/', 404],
    ['/a//b', 404],
    ['/a//', 404],
    ['/%00', 404],
    ['/a%00.html', 404],
    ['/a.txt%00', 404],
    ['/a%0a', 404],
    ['/a%0d%0ab', 404],
    ['/a%7f', 404],
    ['/a%1b[31m', 404],
    // Overlong forms of "." and "/", and other text that is no UTF-8.
    ['/%c0%ae%c0%ae/', 400],
    ['/%c0%2e%c0%2e/', 400],
    ['/..%c0%af..', 400],
    ['/%e0%80%af', 400],
    ['/%e0%80%ae%e0%80%ae', 400],
    ['/%f0%80%80%af', 400],
    ['/%fc%80%80%80%80%af', 400],
    ['/%c1%9c', 400],
    ['/%ff', 400],
    ['/%ed%a0%80', 400],
    ['/%u002e%u002e', 400],
    ['/%', 400],
    ['/a%2', 400],
    ['/%zz', 400],
    ['/ü', 400],
    ['/a b', 400],
    ['/a\u0000', 400],
    ['', 400],
    ['a', 400],
    ['../a', 400],
    ['*', 400],
    [`/${'a'.repeat(256)}`, 404],
    [`/${'a/'.repeat(65)}`, 404],
    [`/${'%c3%bc'.repeat(128)}`, 404],
    [`/${'a'.repeat(4096)}`, 414],
    [`/${'../'.repeat(1000)}etc/passwd`, 404],
  ])('%j: %i', (path, status) => {
    expect(segments(path)).toBe(status);
  });

  test.each([
    '/C:',
    '/a:b',
    '/a.txt::$DATA',
    '/con',
    '/NUL.txt',
    '/com1',
    '/lpt9.log',
    '/a.',
    '/a%20',
    '/PROGRA~1',
    '/a*',
    '/a%22',
    '/COM%C2%B9',
  ])('%s on Windows only', (path) => {
    expect(segments(path, { platform: 'win32' })).toBe(404);
    expect(segments(path)).toBeInstanceOf(Array);
  });

  test('ordinary names are served on Windows', () => {
    expect(segments('/console/common.js', { platform: 'win32' })).toBeInstanceOf(Array);
  });
});

describe('names that begin with a dot', () => {
  test.each([
    '/.git/config',
    '/.env',
    '/a/.env',
    '/%2eenv',
    '/a/.well-known/x',
    '/.well-known/.env',
    '/...',
  ])('%s is not found, forbidden or served, as told', (path) => {
    expect(segments(path)).toBe(404);
    expect(segments(path, { dotfiles: 'deny' })).toBe(403);
    expect(segments(path, { dotfiles: 'allow' })).toBeInstanceOf(Array);
  });

  test('are never dots alone', () => {
    expect(segments('/..', { dotfiles: 'allow' })).toBe(404);
    expect(segments('/.', { dotfiles: 'allow' })).toBe(404);
  });
});

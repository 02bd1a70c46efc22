import { describe, expect, test } from 'vitest';
import { type HeadRefusal, readRequest } from '../../src/http2/read-request.ts';
import { Methods } from '../../src/wire/methods.ts';

const limits = { maxHeadBytes: 1_000, maxFields: 5, maxTargetBytes: 100 };
const methods = Methods.of(['BREW']);

interface Pseudo {
  readonly method?: string;
  readonly scheme?: string;
  readonly path?: string;
  readonly authority?: string | null;
}

function read(more: readonly string[] = [], pseudo: Pseudo = {}): ReturnType<typeof readRequest> {
  const { method = 'GET', scheme = 'http', path = '/', authority = 'a.example' } = pseudo;
  const connect = method === 'CONNECT';
  return readRequest(
    [
      ':method',
      method,
      ...(connect ? [] : [':scheme', scheme, ':path', path]),
      ...(authority === null ? [] : [':authority', authority]),
      ...more,
    ],
    { limits, methods },
  );
}

describe('a head over HTTP/2', () => {
  test('is read as over HTTP/1: host first, crumbs of cookies joined, white space trimmed', () => {
    const lines = ['cookie', 'a=1', 'x-a', ' 1\t', 'cookie', 'b=2', 'x-a', '', 'te', 'trailers'];
    expect(read(lines, { method: 'POST', path: '/a?b=%20', authority: 'A.example:8080' })).toEqual({
      method: 'POST',
      target: '/a?b=%20',
      authority: 'A.example:8080',
      fields: [
        'host',
        'A.example:8080',
        'x-a',
        '1',
        'x-a',
        '',
        'te',
        'trailers',
        'cookie',
        'a=1; b=2',
      ],
      expectsContinue: false,
      contentLength: undefined,
      wantsTrailers: true,
    });
  });

  test.each<[string, readonly string[], Pseudo, object]>([
    ['Host alone', ['host', 'b.example'], { authority: null }, { authority: 'b.example' }],
    ['Host and :authority', ['host', 'A.EXAMPLE'], {}, { authority: 'a.example' }],
    ['a length', ['content-length', '12'], {}, { contentLength: 12 }],
    ['an expectation', ['expect', '100-Continue'], {}, { expectsContinue: true }],
    ['*', [], { method: 'OPTIONS', path: '*' }, { target: '*' }],
    ['CONNECT', [], { method: 'CONNECT', authority: 'a:1' }, { method: 'CONNECT', target: 'a:1' }],
    ['a method that was allowed', [], { method: 'BREW' }, { method: 'BREW' }],
    ['another byte', ['x-a', '\u00e4'], {}, { fields: ['host', 'a.example', 'x-a', '\u00e4'] }],
  ])('may have %s', (_, lines, pseudo, expected) => {
    expect(read(lines, pseudo)).toMatchObject(expected);
  });

  test.each<[string, HeadRefusal, readonly string[], Pseudo]>([
    ['Host and :authority that differ', 400, ['host', 'b.example'], {}],
    ['two Host fields', 400, ['host', 'a.example', 'host', 'a.example'], {}],
    ['neither Host nor :authority', 400, [], { authority: null }],
    ['an empty :authority', 400, [], { authority: '' }],
    ['user information in :authority', 400, [], { authority: 'user@a.example' }],
    ['a percent sign in :authority', 400, [], { authority: 'a%2e.example' }],
    ['a port that is none', 400, [], { authority: 'a.example:99999' }],
    ['an unknown scheme', 400, [], { scheme: 'ftp' }],
    ['a fragment in the path', 400, [], { path: '/a#b' }],
    ['a path beyond ASCII', 400, [], { path: '/\u00e4' }],
    ['a path with a space', 400, [], { path: '/a b' }],
    ['an absolute path', 400, [], { path: 'http://a.example/' }],
    ['* for GET', 400, [], { path: '*' }],
    ['CONNECT without a port', 400, [], { method: 'CONNECT' }],
    ['two lengths', 400, ['content-length', '1', 'content-length', '1'], {}],
    ['a length that is no number', 400, ['content-length', '+1'], {}],
    ['a length beyond numbers', 400, ['content-length', '99999999999999999999'], {}],
    ['a name that is no token', 400, ['x a', '1'], {}],
    ['a value with a line break', 400, ['x-a', 'a\nb'], {}],
    ['a value with DEL', 400, ['x-a', 'a\u007f'], {}],
    ['a method nobody registered', 501, [], { method: 'helloPOST' }],
    ['an expectation nobody knows', 417, ['expect', 'a-pony'], {}],
    ['a target over the limit', 414, [], { path: `/${'a'.repeat(100)}` }],
    ['too many fields', 431, ['a', '1', 'b', '1', 'c', '1', 'd', '1', 'e', '1'], {}],
    ['too many octets', 431, ['x-a', 'a'.repeat(1_000)], {}],
  ])('is refused for %s: %i', (_, status, lines, pseudo) => {
    expect(read(lines, pseudo)).toBe(status);
  });

  test('has room for as many fields as allowed', () => {
    expect(read(['a', '1', 'b', '1', 'c', '1', 'd', '1'])).not.toBe(431);
  });
});

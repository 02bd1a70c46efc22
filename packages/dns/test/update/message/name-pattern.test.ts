import { describe, expect, test } from 'vitest';
import { Name } from '../../../src/name.ts';
import { namePattern } from '../../../src/update/message/name-pattern.ts';

const self = Name.parse('Host.Example.net');

describe('a pattern of names', () => {
  test.each<[string, string, boolean]>([
    ['host.example.net', 'host.example.net', true],
    ['host.example.net.', 'HOST.Example.NET', true],
    ['host.example.net', 'a.host.example.net', false],
    ['host.example.net', 'example.net', false],
    ['host.example.net', 'host.example.net.evil', false],
    ['host.example.net', 'xhost.example.net', false],
    ['*.example.net', 'a.example.net', true],
    ['*.example.net', 'a.b.c.example.net', true],
    ['*.example.net', 'example.net', false],
    ['*.example.net', 'aexample.net', false],
    ['*.example.net', '*.example.net', true],
    // The octets of one label are those of another with its length in front.
    ['*.lab.example.net', 'a\\003lab.example.net', false],
    ['a.*.lab.example.net', 'a.b\\003lab.example.net', false],
    ['_acme-challenge.*', '_acme-challenge.example.net', true],
    ['_acme-challenge.*', '_ACME-challenge.a.b.c', true],
    ['_acme-challenge.*', '_acme-challenge', false],
    ['_acme-challenge.*', 'x._acme-challenge.example.net', false],
    ['_acme-challenge.*.example.net', '_acme-challenge.www.example.net', true],
    ['_acme-challenge.*.example.net', '_acme-challenge.example.net', false],
    ['a.*.b', 'a.b', false],
    ['*', 'example.net', true],
    ['*', 'net', true],
    ['*', '.', false],
    ['\\*.example.net', '*.example.net', true],
    ['\\*.example.net', 'a.example.net', false],
    ['\\042.example.net', '*.example.net', true],
    // One label that looks like two is one label.
    ['a.example.net', 'a\\.example.net', false],
    ['*.example.net', 'a\\.example.net', false],
    ['*.example.net', 'a.b\\.example.net', false],
    ['*.example.net', 'a\\.b.example.net', true],
    ['a\\.b.example.net', 'a\\.b.example.net', true],
    ['a\\.b.example.net', 'a.b.example.net', false],
    ['_acme-challenge.*', '_acme-challenge\\.x.example.net', false],
    ['a\\\\.example.net', 'a\\\\.example.net', true],
    ['h\\111st.example.net', 'host.example.net', true],
    ['\\000.example.net', '\\000.example.net', true],
    ['\\000.example.net', '\\001.example.net', false],
    // Only ASCII is folded.
    ['\\228.example.net', '\\196.example.net', false],
    ['self', 'host.example.net', true],
    ['SELF', 'HOST.example.net', true],
    ['self', 'a.host.example.net', false],
    ['*.self', 'a.host.example.net', true],
    ['*.self', 'host.example.net', false],
    ['_acme-challenge.self', '_acme-challenge.host.example.net', true],
    ['_acme-challenge.self', '_acme-challenge.other.example.net', false],
    ['self.', 'self', true],
    ['self.', 'host.example.net', false],
    ['self.example.net', 'self.example.net', true],
  ])('%s and %s: %s', (pattern, name, expected) => {
    expect(namePattern(pattern)(Name.parse(name), self)).toBe(expected);
  });

  test('self is nobody without a key', () => {
    expect(namePattern('self')(Name.parse('host.example.net'), undefined)).toBe(false);
    expect(namePattern('*.self')(Name.parse('host.example.net'), undefined)).toBe(false);
  });

  test.each([
    ['', 'HAWSER_DNS_NAME'],
    ['.', 'HAWSER_DNS_NAME'],
    ['a..b', 'HAWSER_DNS_NAME'],
    ['.a', 'HAWSER_DNS_NAME'],
    [`${'x'.repeat(64)}.net`, 'HAWSER_DNS_NAME'],
    ['a.\\999', 'HAWSER_DNS_NAME'],
    ['a.b\\', 'HAWSER_DNS_NAME'],
    ['*.a.*', 'HAWSER_DNS_OPTIONS'],
  ])('"%s" is none', (pattern, code) => {
    expect(() => namePattern(pattern)).toThrow(expect.objectContaining({ code }));
  });
});

import type { Address } from '@hawser/core';
import { expect, test } from 'vitest';
import { forwardedFields, withoutClaims } from '../../src/proxy/forwarded-fields.ts';

const peer = (host: string, family: 4 | 6): Address => ({ kind: 'tcp', family, host, port: 1 });

test.each([
  [peer('192.0.2.1', 4), '192.0.2.1', 'for=192.0.2.1;proto=https;host="a.example:8443"'],
  [peer('2001:db8::1', 6), '2001:db8::1', 'for="[2001:db8::1]";proto=https;host="a.example:8443"'],
  [
    { kind: 'memory', name: 'x' } as Address,
    'unknown',
    'for=unknown;proto=https;host="a.example:8443"',
  ],
])('%j is named by both kinds of fields', (address, simple, structured) => {
  const facts = { peer: address, secure: true, host: 'a.example:8443' };
  expect(forwardedFields('both', facts, [])).toEqual(
    Object.entries({
      'x-forwarded-for': simple,
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'a.example:8443',
      forwarded: structured,
    }).flat(),
  );
});

test('what a peer claims is dropped however it is spelled, but for what a trusted one adds', () => {
  const claims = {
    'x-forwarded-for': '1',
    x_forwarded_for: '2',
    'x-forwarded-prefix': '3',
    'x-real-ip': '4',
    forwarded: 'for=5',
    'x-other': '6',
  };
  const fields = Object.entries(claims).flat();
  expect(withoutClaims(fields, false)).toEqual(['x-other', '6']);
  expect(withoutClaims(fields, true)).toEqual([
    'x-forwarded-prefix',
    '3',
    'x-real-ip',
    '4',
    'x-other',
    '6',
  ]);
});

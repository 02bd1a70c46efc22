import type { Address } from '@hawser/core';
import { expect, test } from 'vitest';
import { forwardedFields } from '../../src/proxy/forwarded-fields.ts';

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
  expect(forwardedFields('both', facts, [])).toEqual([
    ...Object.entries({
      'x-forwarded-for': simple,
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'a.example:8443',
      forwarded: structured,
    }).flat(),
  ]);
});

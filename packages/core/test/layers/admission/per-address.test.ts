import { expect, test } from 'vitest';
import { stack } from '../../../src/connection/stack.ts';
import { perAddress } from '../../../src/layers/admission/per-address.ts';
import { Arrivals, silent } from '../arrive.ts';

test('one address is limited and others are not, until it closes one', async () => {
  const server = new Arrivals(stack(perAddress(2))(silent));
  const first = server.arrive('192.0.2.1');
  expect(server.admits('192.0.2.1', '192.0.2.1', '192.0.2.2')).toEqual([true, false, true]);
  first.abort();
  await first.settle();
  expect(server.admits('192.0.2.1', '192.0.2.1')).toEqual([true, false]);
});

test('the refused connection is told by whom and why', async () => {
  const server = new Arrivals(stack(perAddress(1))(silent));
  server.arrive();
  const refused = server.arrive();
  await refused.settle();
  expect(refused.closedWith).toEqual({
    kind: 'refused',
    by: 'perAddress(1)',
    why: '1 connections are open from its network',
  });
});

test('an IPv6 client is its /64, and a mapped IPv4 address the IPv4 one', () => {
  const server = new Arrivals(stack(perAddress(1))(silent));
  expect(server.admits('2001:db8::1', '2001:db8::ffff:1', '2001:db8:0:1::1')).toEqual([
    true,
    false,
    true,
  ]);
  expect(server.admits('::ffff:192.0.2.9', '192.0.2.9')).toEqual([true, false]);
});

test('prefixes may be wider or narrower', () => {
  const server = new Arrivals(stack(perAddress(1, { ipv4Prefix: 20, ipv6Prefix: 128 }))(silent));
  expect(server.admits('10.1.16.1', '10.1.31.255', '10.1.32.0')).toEqual([true, false, true]);
  expect(server.admits('2001:db8::1', '2001:db8::2', '2001:db8::1')).toEqual([true, true, false]);
});

test('peers without an IP address pass uncounted', () => {
  const server = new Arrivals(stack(perAddress(1))(silent));
  const unix = { kind: 'unix', path: '' } as const;
  expect(server.admits(unix, unix, { kind: 'memory', name: 'x' })).toEqual([true, true, true]);
});

test('a factory behind it that refuses gives the place back', async () => {
  let refusing = true;
  const server = new Arrivals(
    stack(perAddress(1))(() => (refusing ? undefined : { dataReceived() {} })),
  );
  await server.arrive().settle();
  refusing = false;
  expect(server.admits('192.0.2.1')).toEqual([true]);
});

test.each([
  [0, {}],
  [1.5, {}],
  [1, { ipv4Prefix: 33 }],
  [1, { ipv6Prefix: 129 }],
  [1, { ipv6Prefix: -1 }],
  [1, { ipv4Prefix: 7.5 }],
])('a limit of %d with %o is a mistake', (limit, options) => {
  expect(() => perAddress(limit, options)).toThrow(RangeError);
});

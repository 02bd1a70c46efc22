import { expect, test } from 'vitest';
import { stack } from '../../../src/connection/stack.ts';
import { type AcceptRateOptions, acceptRate } from '../../../src/layers/admission/accept-rate.ts';
import { Arrivals, silent } from '../arrive.ts';

const A = '192.0.2.1';
const B = '192.0.2.2';

const rated = (options: AcceptRateOptions): Arrivals =>
  new Arrivals(stack(acceptRate(options))(silent));

test('a burst is let in at once, and then as many a second as the rate says', () => {
  const server = rated({ perSecond: 2, burst: 3 });
  expect(server.admits(A, A, A, A)).toEqual([true, true, true, false]);
  server.reactor.clock.advance(499);
  expect(server.admits(A)).toEqual([false]);
  server.reactor.clock.advance(1);
  expect(server.admits(B, A)).toEqual([true, false]);
  server.reactor.clock.advance(60_000);
  expect(server.admits(A, A, A, A)).toEqual([true, true, true, false]);
});

test('a rate below one a second lets one in after that long', () => {
  const server = rated({ perSecond: 0.1 });
  expect(server.admits(A, A)).toEqual([true, false]);
  server.reactor.clock.advance(10_000);
  expect(server.admits(A, A)).toEqual([true, false]);
});

test('what one address has too much does not count against the others', async () => {
  const server = rated({ perSecond: 100, burst: 3, perAddress: { perSecond: 1, burst: 1 } });
  expect(server.admits(A, A, A, A, A, B, '192.0.2.3')).toEqual([
    true,
    false,
    false,
    false,
    false,
    true,
    true,
  ]);
  const refused = server.arrive(A);
  await refused.settle();
  expect(refused.closedWith).toEqual({
    kind: 'refused',
    by: 'rate(100/s)',
    why: 'its network connects too often',
  });
});

test('the networks it remembers are limited, and the one heard of least lately is forgotten', () => {
  const perAddress = { perSecond: 0.001, burst: 1, maxNetworks: 2 };
  const server = rated({ perSecond: 1000, perAddress });
  expect(server.admits(A, B, A)).toEqual([true, true, false]);
  // B is forgotten for the third, and A is not.
  expect(server.admits('192.0.2.3', A, B)).toEqual([true, false, true]);
});

test('peers without an IP address have only the common rate', () => {
  const unix = { kind: 'unix', path: '' } as const;
  const server = rated({ perSecond: 1, burst: 2, perAddress: { perSecond: 1, burst: 1 } });
  expect(server.admits(unix, unix, unix)).toEqual([true, true, false]);
});

test.each<AcceptRateOptions>([
  { perSecond: 0 },
  { perSecond: Number.NaN },
  { perSecond: Number.POSITIVE_INFINITY },
  { perSecond: 1, burst: 0.5 },
  { perSecond: 1, perAddress: { perSecond: -1 } },
  { perSecond: 1, perAddress: { perSecond: 1, maxNetworks: 0 } },
  { perSecond: 1, perAddress: { perSecond: 1, ipv4Prefix: 40 } },
])('%o is a mistake', (options) => {
  expect(() => acceptRate(options)).toThrow(RangeError);
});

import {
  type Factory,
  type Incoming,
  maxConnections,
  stack,
  stackWarnings,
  tls,
} from '@hawser/core';
import { createTestAuthority, FakeTransport } from '@hawser/core/testing';
import { describe, expect, test } from 'vitest';
import { type Http1Options, http, http1, http2 } from '../../src/index.ts';

const app = (): Response => new Response('x');
const makers: [string, (options?: Http1Options) => Factory][] = [
  ['http', (options) => http(app, options)],
  ['http of version 1 alone', (options) => http(app, { ...options, http2: false })],
  ['http1', (options) => http1(() => undefined, options)],
  ['http2', (options) => http2(app, options)],
];

/** How many of `count` connections are let in. */
function letIn(factory: Factory, count: number): number {
  let admitted = 0;
  const incoming = {
    info: () => undefined,
    onClose: () => ({ [Symbol.dispose]: () => undefined }),
    abort: () => undefined,
  } as unknown as Incoming;
  for (let at = 0; at < count; at++) if (factory.buildProtocol(incoming)) admitted += 1;
  return admitted;
}

describe.each(makers)('%s', (_name, make) => {
  test('lets 10,000 connections in, unless it is told otherwise', () => {
    expect(letIn(make(), 10_100)).toBe(10_000);
    expect(letIn(make({ maxConnections: 3 }), 10)).toBe(3);
    expect(letIn(make({ maxConnections: Number.POSITIVE_INFINITY }), 10_100)).toBe(10_100);
  });

  test('refuses limits that are none', () => {
    for (const limit of [0, 1.5, Number.NaN, -1]) {
      expect(() => make({ maxConnections: limit })).toThrow(RangeError);
    }
  });

  test('is called what it is without a limit, and warns of no order', () => {
    const { name, acceptableProtocols } = make({ maxConnections: Number.POSITIVE_INFINITY });
    const limited = make();
    expect(limited).toMatchObject({ name, acceptableProtocols });
    expect(limited.match?.test(Buffer.from('x'.repeat(30)))).toBe('no');
    const certificate = createTestAuthority().server('localhost');
    expect(stackWarnings(stack(tls(certificate))(limited))).toEqual([]);
  });
});

test('whoever comes when it is full is refused, until somebody has left', async () => {
  const factory = http(app, { maxConnections: 2 });
  const [first, second, third] = [new FakeTransport(), new FakeTransport(), new FakeTransport()];
  for (const transport of [first, second, third]) transport.adopt(factory);
  await third.settle();
  expect([first.wireState, second.wireState]).toEqual(['open', 'open']);
  expect(third.closedWith).toMatchObject({ kind: 'refused', why: '2 connections are open' });
  first.lose();
  await first.settle();
  const fourth = new FakeTransport();
  fourth.adopt(factory);
  await fourth.settle();
  expect(fourth.wireState).toBe('open');
});

test('with a layer in front, both count', () => {
  expect(letIn(stack(maxConnections(2))(http(app)), 10)).toBe(2);
  expect(letIn(stack(maxConnections(10))(http(app, { maxConnections: 3 })), 10)).toBe(3);
});

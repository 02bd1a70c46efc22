import { describe, expect, test } from 'vitest';
import { Name } from '../../src/name.ts';
import { Class, Type } from '../../src/numbers.ts';
import type { RateLimitOptions } from '../../src/server/rate-limit.ts';
import { newZone } from '../../src/zone/new-zone.ts';
import { createRRset } from '../../src/zone/rrset.ts';
import { Zone } from '../../src/zone/zone.ts';
import { query } from '../build.ts';
import { readReply } from '../read-reply.ts';
import { responderFor, type TestResponder } from './responder-for.ts';

const origin = Name.parse('example.net');
const a = (name: string) =>
  createRRset(Name.parse(`${name}.example.net`), Type.A, { ttl: 60, values: ['192.0.2.1'] });
const zone = Zone.of(origin, [
  ...newZone(origin).rrsets(),
  a('one'),
  a('two'),
  a('*.wild'),
  createRRset(Name.parse('sub.example.net'), Type.NS, { ttl: 60, values: ['ns.example.org'] }),
]);

/** Ten a second, and nothing slips, if not said otherwise. */
function serve(options: RateLimitOptions = {}): TestResponder {
  return responderFor(zone, { rateLimit: { repliesPerSecond: 10, slip: 0, ...options } });
}

interface Burst {
  readonly count?: number;
  readonly host?: string;
  readonly type?: number;
  readonly transport?: 'udp' | 'tcp';
}

/** How many of so many queries are answered, and how many of those with TC. */
function burst(
  server: TestResponder,
  name: string | ((index: number) => string),
  more: Burst = {},
) {
  const { count = 100, host = '203.0.113.5', type = Type.A, transport = 'udp' } = more;
  const replies = Array.from({ length: count }, (_, index) => {
    const asked = typeof name === 'string' ? name : name(index);
    return server.answer(query(`${asked}.example.net`, type), transport, host);
  }).filter((reply) => reply !== undefined);
  return { sent: replies.length, truncated: replies.filter((reply) => readReply(reply).tc).length };
}

describe('the rate limit', () => {
  test('lets as many replies pass as one second has, and no more', () => {
    const server = serve();
    expect(burst(server, 'one')).toEqual({ sent: 10, truncated: 0 });
    expect(server.responder.counters.snapshot().rateLimited).toEqual({ dropped: 90, slipped: 0 });
  });

  test('a client below the rate never notices', async () => {
    const server = serve();
    for (let turn = 0; turn < 100; turn++) {
      expect(burst(server, 'one', { count: 1 }).sent).toBe(1);
      await server.reactor.clock.elapse(100);
    }
  });

  test('who goes on too fast gets nothing, and who stops is served again after the window at most', async () => {
    const server = serve({ windowSeconds: 5 });
    burst(server, 'one', { count: 1000 });
    await server.reactor.clock.elapse(4900);
    expect(burst(server, 'one', { count: 1 }).sent).toBe(0);
    await server.reactor.clock.elapse(5000);
    expect(burst(server, 'one', { count: 1 }).sent).toBe(1);
  });

  test('who was quiet for long has not saved up for a flood', async () => {
    const server = serve();
    burst(server, 'one', { count: 1 });
    await server.reactor.clock.elapse(3_600_000);
    expect(burst(server, 'one').sent).toBe(10);
  });

  test('every second reply over the limit is sent empty with TC', () => {
    expect(burst(serve({ slip: 2 }), 'one')).toEqual({ sent: 10 + 45, truncated: 45 });
    expect(burst(serve({ slip: 1 }), 'one')).toEqual({ sent: 100, truncated: 90 });
    expect(burst(serve({ slip: 10 }), 'one')).toEqual({ sent: 10 + 9, truncated: 9 });
  });

  test('each name that exists counts by itself', () => {
    const server = serve();
    expect(burst(server, 'one').sent).toBe(10);
    expect(burst(server, 'two').sent).toBe(10);
  });

  test.each([
    ['names that do not exist', (index: number) => `x${index}`],
    ['names that a wildcard stands for', (index: number) => `x${index}.wild`],
    ['names behind a delegation', (index: number) => `x${index}.sub`],
  ])('%s count as one', (_, name) => {
    expect(burst(serve(), name).sent).toBe(10);
  });

  test('names without the type count as one in a zone, apart from those that do not exist', () => {
    const server = serve();
    expect(burst(server, (index) => (index % 2 ? 'one' : 'two'), { type: Type.MX }).sent).toBe(10);
    expect(burst(server, 'nobody').sent).toBe(10);
  });

  test('texts about the server itself are limited as well', () => {
    const server = responderFor(zone, {
      version: 'x'.repeat(255),
      rateLimit: { repliesPerSecond: 10, slip: 9 },
    });
    const version = query('version.bind', Type.TXT, { class: Class.CH });
    const send = (transport?: 'tcp') =>
      Array.from({ length: 100 }, () => server.answer(version, transport, '203.0.113.5'));
    const long = send().filter((reply) => reply !== undefined && reply.length > 255);
    expect(long).toHaveLength(10);
    expect(server.responder.counters.snapshot().rateLimited).toEqual({ dropped: 80, slipped: 10 });
    expect(send('tcp').filter((reply) => reply !== undefined)).toHaveLength(100);
  });

  test('addresses of one network count as one, others do not', () => {
    const server = serve();
    expect(burst(server, 'one', { host: '203.0.113.5' }).sent).toBe(10);
    expect(burst(server, 'one', { host: '203.0.113.250' }).sent).toBe(0);
    expect(burst(server, 'one', { host: '203.0.114.5' }).sent).toBe(10);
    expect(burst(server, 'one', { host: '2001:db8:0:1ff::1' }).sent).toBe(10);
    expect(burst(server, 'one', { host: '2001:db8:0:100::1' }).sent).toBe(0);
    expect(burst(server, 'one', { host: '2001:db8:0:200::1' }).sent).toBe(10);
  });

  test('who is exempt, and who came by TCP, is not limited', () => {
    const server = serve({ exempt: ['198.51.100.0/24'] });
    expect(burst(server, 'one', { host: '198.51.100.77' }).sent).toBe(100);
    expect(burst(server, 'one', { transport: 'tcp' }).sent).toBe(100);
    expect(burst(serve(), 'one', { host: '127.0.0.1' }).sent).toBe(100);
    expect(burst(serve(), 'one', { host: '::1' }).sent).toBe(100);
  });

  test('can be off, and lets 200 a second pass without any options', () => {
    expect(burst(responderFor(zone, { rateLimit: false }), 'one', { count: 500 }).sent).toBe(500);
    const usual = responderFor(zone);
    expect(burst(usual, 'one', { count: 500 })).toEqual({ sent: 200 + 150, truncated: 150 });
  });

  test('a table that is too small forgets, and stays as it is', () => {
    const server = serve({ tableEntries: 4 });
    for (let net = 0; net < 200; net++) burst(server, 'one', { count: 1, host: `10.0.${net}.1` });
    expect(burst(server, 'one').sent).toBe(10);
  });

  test.each([
    { repliesPerSecond: 0 },
    { windowSeconds: 0 },
    { slip: -1 },
    { ipv4Prefix: 33 },
    { ipv6Prefix: 129 },
    { tableEntries: 0 },
    { exempt: ['nowhere'] },
  ])('cannot be %j', (rateLimit) => {
    expect(() => responderFor(zone, { rateLimit })).toThrow(
      expect.objectContaining({ code: 'HAWSER_DNS_OPTIONS' }),
    );
  });
});

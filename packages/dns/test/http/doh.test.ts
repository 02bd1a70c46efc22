import { createTestReactor } from '@hawser/core/testing';
import { http, router } from '@hawser/http';
import { testClient } from '@hawser/http/testing';
import { describe, expect, test } from 'vitest';
import { codeAnswer, silence } from '../../src/contract/answer.ts';
import type { DnsHandler } from '../../src/contract/handler.ts';
import { doh } from '../../src/http/doh.ts';
import { dohMaxAge } from '../../src/http/doh-max-age.ts';
import { Name } from '../../src/name.ts';
import { Rcode, Type } from '../../src/numbers.ts';
import { Responder } from '../../src/server/responder.ts';
import type { Served } from '../../src/server/to-handlers.ts';
import { newZone } from '../../src/zone/new-zone.ts';
import { createRRset } from '../../src/zone/rrset.ts';
import { Zone } from '../../src/zone/zone.ts';
import { build, opt, query } from '../build.ts';
import { readReply } from '../read-reply.ts';

const origin = Name.parse('example.net');
const at = (name: string, ttl: number, ...values: string[]) =>
  createRRset(Name.parse(`${name}.example.net`), Type.A, { ttl, values });
const zone = Zone.of(origin, [
  ...newZone(origin).rrsets(),
  at('www', 300, '192.0.2.1'),
  at('short', 5, '192.0.2.1'),
  createRRset(Name.parse('alias.example.net'), Type.CNAME, {
    ttl: 20,
    values: ['www.example.net'],
  }),
  createRRset(Name.parse('long.example.net'), Type.CNAME, {
    ttl: 9000,
    values: ['no.example.net'],
  }),
]);
const type = 'application/dns-message';

function serve(served: Served = zone, options = {}) {
  const responder = new Responder(served);
  const reactor = createTestReactor();
  void responder.start(reactor);
  const app = router();
  app.all('/dns-query', doh(responder, options));
  return testClient(http(app), { reactor });
}

async function post(
  client: ReturnType<typeof serve>,
  body: Buffer,
  headers = { 'content-type': type },
) {
  const response = await client.post('/dns-query', { headers, body });
  return { response, reply: Buffer.from(await response.arrayBuffer()) };
}

const get = (packet: Buffer): string => `/dns-query?dns=${packet.toString('base64url')}`;

describe('a query over HTTP', () => {
  test('by POST is answered', async () => {
    await using client = serve();
    const { response, reply } = await post(client, query('www.example.net', 1, { id: 0 }));
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe(type);
    expect(response.headers.get('content-length')).toBe(String(reply.length));
    expect(readReply(reply)).toMatchObject({ id: 0, answer: ['www.example.net 300 A 192.0.2.1'] });
  });

  test('by GET is answered with the same octets', async () => {
    await using client = serve();
    const packet = query('www.example.net', 1, { id: 0 });
    const response = await client.get(get(packet));
    const { reply } = await post(client, packet);
    expect(Buffer.from(await response.arrayBuffer())).toEqual(reply);
  });

  test('may be answered with more than fits into a datagram', async () => {
    const many = createRRset(Name.parse('many.example.net'), Type.TXT, {
      ttl: 60,
      values: Array.from({ length: 100 }, (_, index) => ['x'.repeat(100) + index]),
    });
    await using client = serve(Zone.of(origin, [...zone.rrsets(), many]));
    const { reply } = await post(client, query('many.example.net', Type.TXT));
    expect(readReply(reply)).toMatchObject({ tc: false, counts: [1, 100, 0, 0] });
  });

  test('by GET changes nothing: any page can make a browser send one', async () => {
    const seen: number[] = [];
    const noting: DnsHandler = (asked, next) => {
      seen.push(asked.opcode);
      return next(asked);
    };
    await using client = serve([noting, zone]);
    const update = query('example.net', Type.SOA, { flags: 0x2800 });
    const notice = query('example.net', Type.SOA, { flags: 0x2000 });
    for (const packet of [update, notice]) {
      // oxlint-disable-next-line no-await-in-loop
      expect((await client.get(get(packet))).status).toBe(400);
    }
    expect(seen).toEqual([]);
    expect((await post(client, update)).response.status).toBe(200);
    expect(seen).toEqual([5]);
  });

  test('beyond those in flight is answered with 503, until there is room', async () => {
    const waiting: (() => void)[] = [];
    let arrived = (): void => {};
    const slow: DnsHandler = () =>
      new Promise((resolve) => {
        waiting.push(() => resolve(codeAnswer(Rcode.NoError)));
        arrived();
      });
    const arrivals = (count: number): Promise<void> =>
      new Promise((resolve) => {
        arrived = () => {
          if (waiting.length === count) resolve();
        };
      });
    await using client = serve(slow, { maxInFlight: 2 });
    const packet = query('www.example.net');
    const both = arrivals(2);
    const first = [post(client, packet), post(client, packet)];
    await both;
    expect((await post(client, packet)).response.status).toBe(503);
    for (const finish of waiting.splice(0)) finish();
    expect((await Promise.all(first)).map(({ response }) => response.status)).toEqual([200, 200]);
    const one = arrivals(1);
    const later = post(client, packet);
    await one;
    waiting[0]?.();
    expect((await later).response.status).toBe(200);
    expect(() => doh(new Responder(zone), { maxInFlight: 0 })).toThrow('must be 1 or more');
  });

  test('that is long takes the room of many, and gives it back', async () => {
    let finish = (): void => {};
    let arrived = (): void => {};
    const here = new Promise<void>((resolve) => void (arrived = resolve));
    const slow: DnsHandler = async () => {
      arrived();
      await new Promise<void>((resolve) => void (finish = resolve));
      return codeAnswer(Rcode.NoError);
    };
    await using client = serve(slow, { maxInFlightBytes: 60_000 });
    const padding = { type: Type.NULL, rdata: Buffer.alloc(60_000) };
    const long = post(client, query('www.example.net', 1, { additionals: [padding] }));
    await here;
    expect((await post(client, query('www.example.net'))).response.status).toBe(503);
    finish();
    expect((await long).response.status).toBe(200);
    const again = post(client, query('www.example.net'));
    await new Promise<void>((resolve) => void (arrived = resolve));
    finish();
    expect((await again).response.status).toBe(200);
    const bad = { maxInFlightBytes: Number.NaN };
    expect(() => doh(new Responder(zone), bad)).toThrow('must be 1 or more');
  });

  test.each([
    ['NXDOMAIN', query('nobody.example.net'), Rcode.NXDomain],
    ['REFUSED', query('example.org'), Rcode.Refused],
    ['FORMERR', query('www.example.net', 1, { additionals: [opt(), opt()] }), Rcode.FormErr],
  ])('that is %s has status 200', async (_, packet, rcode) => {
    await using client = serve();
    const { response, reply } = await post(client, packet);
    expect(response.status).toBe(200);
    expect(readReply(reply).rcode).toBe(rcode);
  });

  test('tells handlers that it is HTTPS and that the address is proven', async () => {
    const seen: unknown[] = [];
    await using client = serve([
      (asked, next) => {
        seen.push([asked.transport, asked.addressProven]);
        return next(asked);
      },
      zone,
    ]);
    await post(client, query('www.example.net'));
    expect(seen).toEqual([['https', true]]);
  });
});

describe('the freshness', () => {
  test.each([
    ['of an answer is its TTL', query('short.example.net'), 5],
    ['of a chain is the smallest TTL', query('alias.example.net'), 20],
    ['of a name that is not there is what the SOA says', query('nobody.example.net'), 60],
    ['of a chain to nothing is the smaller one', query('long.example.net'), 60],
    ['of a refusal is none', query('example.org'), 0],
  ])('%s', async (_, packet, seconds) => {
    await using client = serve();
    const { response } = await post(client, packet);
    expect(response.headers.get('cache-control')).toBe(`max-age=${seconds}`);
  });

  test.each([
    ['NOERROR', 0, 60],
    ['SERVFAIL', 2, 0],
    ['NXDOMAIN', 3, 60],
    ['REFUSED', 5, 0],
    ['YXDOMAIN', 6, 60],
  ])('of %s with an alias', (_, rcode, seconds) => {
    const answers = [{ name: 'example.net', type: Type.CNAME, ttl: 60, rdata: Buffer.of(0) }];
    expect(dohMaxAge(build({ flags: 0x8180 | rcode, questions: [{}], answers }))).toBe(seconds);
  });

  test('of what is no message is none', () => {
    expect(dohMaxAge(Buffer.alloc(5))).toBe(0);
  });
});

describe('a request that is no query', () => {
  const packet = query('www.example.net');

  test.each([
    ['GET without dns', '/dns-query', 400],
    ['GET with an empty dns', '/dns-query?dns=', 400],
    ['GET with no base64url', '/dns-query?dns=a%2Fb', 400],
    ['GET of half a header', get(packet.subarray(0, 11)), 400],
    ['GET of a response', get(query('www.example.net', 1, { flags: 0x8000 })), 400],
  ])('%s: %s is %i', async (_, path, status) => {
    await using client = serve();
    const response = await client.get(path);
    expect(response.status).toBe(status);
  });

  test('POST of another type is 415', async () => {
    await using client = serve();
    const { response } = await post(client, packet, { 'content-type': 'text/plain' });
    expect(response.status).toBe(415);
  });

  test('PUT is 405 and says what is allowed', async () => {
    await using client = serve();
    const response = await client.request('/dns-query', { method: 'PUT', body: packet });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET, HEAD, POST');
  });

  test('more octets than a message has are 413', async () => {
    await using client = serve(zone, { maxQueryBytes: 40 });
    const long = query('a-name-that-is-long.example.net');
    expect((await post(client, long)).response.status).toBe(413);
    expect((await client.get(get(long))).status).toBe(413);
  });

  test('silence of the handlers is 503', async () => {
    await using client = serve(() => silence);
    expect((await post(client, packet)).response.status).toBe(503);
  });
});

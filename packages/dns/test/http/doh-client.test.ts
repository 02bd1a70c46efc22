import { createSimReactor, type SimHost, stack, tls } from '@hawser/core';
import { FakeTls } from '@hawser/core/testing';
import { type HttpClientOptions, http, httpClient } from '@hawser/http';
import { describe, expect, test } from 'vitest';
import { DnsClient } from '../../src/client/dns-client.ts';
import { type DohExchangeOptions, dohExchange } from '../../src/http/doh-client.ts';
import { parseMessage } from '../../src/message/parse-message.ts';
import { Rcode } from '../../src/numbers.ts';
import { reply, rr } from '../client/fake-server.ts';

interface Seen {
  readonly method: string;
  readonly url: URL;
  readonly query: Buffer;
}

async function world(
  answer: (query: Buffer) => Response,
  options: DohExchangeOptions & Pick<HttpClientOptions, 'protocols'> = {},
) {
  const sim = createSimReactor({ seed: 2 });
  const server = sim.host('server', { tls: new FakeTls() });
  const certificateNames = ['dns.example.net'];
  const host = sim.host('client', { tls: new FakeTls({ certificateNames }) });
  const seen: Seen[] = [];
  const app = http(async (request: Request) => {
    const url = new URL(request.url);
    const text = url.searchParams.get('dns');
    const query =
      text === null ? Buffer.from(await request.arrayBuffer()) : Buffer.from(text, 'base64url');
    seen.push({ method: request.method, url, query });
    return answer(query);
  });
  await server.tcp.listen({ port: 443 }, stack(tls({ cert: 'x', key: 'x' }))(app));
  const { method, protocols } = options;
  const exchange = dohExchange(httpClient(host as SimHost, { protocols }), { method });
  const where = `https://${server.addresses[0]}/dns-query#dns.example.net`;
  const client = new DnsClient({ reactor: host, https: exchange, servers: [where], attempts: 1 });
  return { sim, client, seen };
}

function answered(query: Buffer, headers: Record<string, string> = {}): Response {
  const message = parseMessage(query);
  if ('error' in message) throw new Error(message.error);
  return new Response(
    new Uint8Array(
      reply(message, {
        answer: [rr('www.example.net 60 A 192.0.2.1')],
        edns: message.edns && { udpSize: 1232, dnssecOk: message.edns.dnssecOk },
      }),
    ),
    {
      headers: { 'content-type': 'application/dns-message', ...headers },
    },
  );
}

describe.each(['POST', 'GET'] as const)('%s', (method) => {
  test.each([['http/1.1'], ['h2']] as const)('over %s', async (protocol) => {
    const { client, seen } = await world(answered, { method, protocols: [protocol] });
    const message = await client.query('www.example.net', 'A');
    expect(message.answer[0]?.rdata?.wire).toEqual(Buffer.from([192, 0, 2, 1]));
    expect(seen).toHaveLength(1);
    expect(seen[0]?.method).toBe(method);
    expect(seen[0]?.url.host).toBe('dns.example.net');
    expect(seen[0]?.url.pathname).toBe('/dns-query');
    // The same octets for the same question, of a length that says little.
    expect(seen[0]?.query.readUInt16BE(0)).toBe(0);
    expect((seen[0]?.query.length ?? 0) % 128).toBe(0);
  });
});

test('a certificate for another name is not trusted', async () => {
  const { client, sim } = await world(answered);
  const server = `https://${sim.host('server').addresses[0]}/dns-query#other.example.net`;
  await expect(client.query('www.example.net', 'A', { servers: [server] })).rejects.toMatchObject({
    code: 'HAWSER_DNS_NETWORK',
  });
});

test('TTLs are less by the age of the response (RFC 8484 §5.1)', async () => {
  const { client } = await world((query) => answered(query, { age: '25' }));
  const message = await client.query('www.example.net', 'A', { dnssecOk: true });
  expect(message.answer[0]?.ttl).toBe(35);
  // What stands in its place in OPT is no time.
  expect(message.edns).toMatchObject({ version: 0, dnssecOk: true });
});

test.each([
  ['another status', () => new Response('no', { status: 503 })],
  [
    'a redirect',
    () => new Response(null, { status: 302, headers: { location: 'https://elsewhere.example/' } }),
  ],
  ['another type', () => new Response('<html>', { headers: { 'content-type': 'text/html' } })],
])('%s is HAWSER_DNS_NETWORK', async (_, answer) => {
  const { client, seen } = await world(answer);
  await expect(client.query('www.example.net', 'A')).rejects.toMatchObject({
    code: 'HAWSER_DNS_NETWORK',
  });
  expect(seen).toHaveLength(1);
});

test('a response that answers something else is HAWSER_DNS_REPLY', async () => {
  const { client } = await world((query) => {
    const other = Buffer.from(query);
    other[14] = 0x78;
    return answered(other);
  });
  await expect(client.query('www.example.net', 'A')).rejects.toMatchObject({
    code: 'HAWSER_DNS_REPLY',
  });
});

test('a response code is a response code', async () => {
  const { client } = await world((query) => {
    const message = parseMessage(query);
    if ('error' in message) throw new Error(message.error);
    return new Response(new Uint8Array(reply(message, { rcode: Rcode.NXDomain })), {
      headers: { 'content-type': 'application/dns-message' },
    });
  });
  expect((await client.query('none.example.net', 'A')).rcode).toBe(Rcode.NXDomain);
});

test('silence is HAWSER_DNS_TIMEOUT', async () => {
  const sim = createSimReactor({ seed: 2 });
  const host = sim.host('client', { tls: new FakeTls() });
  const client = new DnsClient({
    reactor: host,
    https: dohExchange(httpClient(host)),
    servers: ['https://10.0.0.99'],
    attempts: 1,
  });
  await expect(client.query('www.example.net', 'A')).rejects.toMatchObject({
    code: 'HAWSER_DNS_TIMEOUT',
  });
});

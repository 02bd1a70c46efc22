import { createSimReactor, type SimHost } from '@hawser/core';
import { expect, test } from 'vitest';
import { DnsClientError } from '../../src/client/client-error.ts';
import { DnsClient } from '../../src/client/dns-client.ts';
import {
  nameExists,
  nameMissing,
  rrsetExists,
  rrsetMissing,
} from '../../src/client/prerequisite.ts';
import { type Update, type UpdateOptions, update } from '../../src/client/update.ts';
import type { DnsRecord } from '../../src/message/record.ts';
import { formatClass, formatType, Opcode, Rcode, Type } from '../../src/numbers.ts';
import { tsigKey } from '../../src/tsig/key.ts';
import { FakeServer, reply, rr, type Script } from './fake-server.ts';

async function world(script: Script, options: UpdateOptions = {}) {
  const sim = createSimReactor({ seed: 5 });
  const [serverHost, host] = sim.hosts('server', 'client');
  const server = await FakeServer.start(serverHost as SimHost, script);
  const where = serverHost?.addresses[0] ?? '';
  const client = new DnsClient({ reactor: host as SimHost, servers: [where] });
  const begin = (): Update => update('example.net', { client, server: where, ...options });
  return { sim, server, client, begin, where };
}

function lines(records: readonly DnsRecord[] = []): string[] {
  return records.map(
    ({ name, ttl, class: klass, type, rdata }) =>
      `${name} ${ttl} ${formatClass(klass)} ${formatType(type)} ${rdata?.wire.toString('hex') ?? '-'}`,
  );
}

test('changes are the authority section, in their order, over TCP', async () => {
  const { begin, server } = await world(() => ({}));
  await begin()
    .add('www', 'A', '192.0.2.1')
    .add('www.example.net', 'A', ['192.0.2.2', '192.0.2.3'], { ttl: 5 })
    .delete('old')
    .delete('@', 'MX')
    .delete('www.example.net.', 'A', '192.0.2.9')
    .replace('txt', 'TXT', 'x', { ttl: 1 })
    .send();
  const [{ query, transport } = { query: undefined, transport: undefined }] = server.queries;
  expect(transport).toBe('tcp');
  expect(query).toMatchObject({ opcode: Opcode.Update, question: { type: Type.SOA }, answer: [] });
  expect(query?.question?.name.toString()).toBe('example.net');
  expect(lines(query?.authority)).toEqual([
    'www.example.net 60 IN A c0000201',
    'www.example.net 5 IN A c0000202',
    'www.example.net 5 IN A c0000203',
    'old.example.net 0 ANY ANY -',
    'example.net 0 ANY MX -',
    'www.example.net 0 NONE A c0000209',
    'txt.example.net 0 ANY TXT -',
    'txt.example.net 1 IN TXT 0178',
  ]);
});

test('prerequisites are the answer section', async () => {
  const { begin, server } = await world(() => ({}));
  await begin()
    .require(nameExists('a'), nameMissing('b'))
    .require(rrsetExists('c', 'A'), rrsetMissing('d', 'TXT'))
    .require(rrsetExists('e', 'A', ['192.0.2.1', '192.0.2.2']))
    .send();
  expect(lines(server.queries[0]?.query.answer)).toEqual([
    'a.example.net 0 ANY ANY -',
    'b.example.net 0 NONE ANY -',
    'c.example.net 0 ANY A -',
    'd.example.net 0 NONE TXT -',
    'e.example.net 0 IN A c0000201',
    'e.example.net 0 IN A c0000202',
  ]);
});

test('a prerequisite that does not hold is HAWSER_DNS_SERVER with its code', async () => {
  const { begin } = await world(() => ({ rcode: Rcode.NXRRSet }));
  await expect(begin().delete('www').send()).rejects.toMatchObject({
    code: 'HAWSER_DNS_SERVER',
    rcode: Rcode.NXRRSet,
    message: expect.stringContaining('NXRRSET'),
  });
});

test('without a server the primary is found by the SOA', async () => {
  const { client, sim, server } = await world((query) => {
    if (query.question?.type === Type.SOA) return { answer: [soa] };
    return query.question?.type === Type.AAAA
      ? {}
      : { answer: [rr(`ns1.example.net 60 A ${primary.addresses[0]}`)] };
  });
  const primary = sim.host('primary');
  const soa = rr('example.net 60 SOA', {
    mname: 'ns1.example.net',
    rname: 'admin.example.net',
    serial: 1,
    refresh: 1,
    retry: 1,
    expire: 1,
    minimum: 1,
  });
  const updated = await FakeServer.start(primary, () => ({}));
  await update('example.net', { client }).delete('www').send();
  expect(updated.queries.map(({ query }) => query.opcode)).toEqual([Opcode.Update]);
  expect(server.queries.map(({ query }) => query.opcode)).toEqual([0, 0]);
});

test('is not sent twice when the connection is lost meanwhile', async () => {
  const { begin, client, server, where } = await world(({ opcode }) => {
    if (opcode !== Opcode.Update) return {};
    for (const each of server.live) each.transport.abort();
    return undefined;
  });
  await client.query('example.net', 'SOA', { servers: [where], stream: true });
  await expect(begin().delete('www').send()).rejects.toMatchObject({ code: 'HAWSER_DNS_NETWORK' });
  expect(server.queries).toHaveLength(2);
});

test('names elsewhere, bad values and bad TTLs are mistakes', async () => {
  const { begin, client } = await world(() => ({}));
  expect(() => begin().add('www.example.org.', 'A', '192.0.2.1')).toThrow(/zone "example.net"/);
  expect(() => begin().add('www', 'A', 'nonsense')).toThrow(/nonsense/);
  expect(() => begin().add('www', 'A', '192.0.2.1', { ttl: -1 })).toThrow(/TTL/);
  expect(() => update('example.net', { reactor: client.reactor })).toThrow(/server/);
});

test('a reactor and a server do', async () => {
  const { client, server, where } = await world(() => ({}));
  await update('example.net', { reactor: client.reactor, server: where }).delete('www').send();
  expect(server.queries).toHaveLength(1);
});

test('over datagrams the very same one is repeated, with other waits, until there is a reply', async () => {
  const { begin, server, sim } = await world(() => (server.queries.length < 3 ? undefined : {}), {
    over: 'datagram',
    key: tsigKey('tester', 'hmac-sha256', Buffer.alloc(32, 1)),
  });
  const times: number[] = [];
  const { script } = server;
  server.script = (query, how) => {
    times.push(sim.now());
    return script(query, how);
  };
  // The fake server does not sign.
  await expect(begin().add('www', 'A', '192.0.2.1').send()).rejects.toBeInstanceOf(DnsClientError);
  const datagrams = server.queries.filter(({ transport }) => transport === 'udp');
  expect(datagrams).toHaveLength(3);
  const [first] = datagrams;
  for (const { query, from } of datagrams) {
    expect(query.bytes.equals(first?.query.bytes ?? Buffer.alloc(0))).toBe(true);
    expect(from.port).toBe(first?.from.port);
  }
  const [one = 0, two = 0, three = 0] = times;
  expect([two - one, three - two].map((ms) => Math.round(ms / 100) * 100)).toEqual([1000, 2000]);
});

test('over datagrams silence ends when it was said to', async () => {
  const { begin, server, sim } = await world(() => undefined, {
    over: 'datagram',
    timeoutMs: 5000,
  });
  const start = sim.now();
  await expect(begin().add('www', 'A', '192.0.2.1').send()).rejects.toMatchObject({
    code: 'HAWSER_DNS_TIMEOUT',
  });
  expect(sim.now() - start).toBeLessThan(5500);
  expect(server.queries).toHaveLength(3);
});

test('over datagrams a reply that cannot be believed makes no second update over TCP', async () => {
  const { begin, server } = await world(() => ({ flags: 0x0200 }), { over: 'datagram' });
  await expect(begin().add('www', 'A', '192.0.2.1').send()).rejects.toMatchObject({
    code: 'HAWSER_DNS_REPLY',
  });
  expect(server.queries.map(({ transport }) => transport)).toEqual(['udp']);
});

test('over datagrams what forgers send is waited out', async () => {
  const { begin, server } = await world(
    (query) => [...Array.from({ length: 5 }, () => reply({ ...query, id: query.id ^ 1 })), {}],
    { over: 'datagram' },
  );
  expect((await begin().add('www', 'A', '192.0.2.1').send()).rcode).toBe(Rcode.NoError);
  expect(server.queries.map(({ transport }) => transport)).toEqual(['udp']);
});

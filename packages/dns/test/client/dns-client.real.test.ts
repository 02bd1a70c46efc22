import { createNodeReactor, type InetAddress, stack, tls } from '@hawser/core';
import { createTestAuthority, onBothReactors } from '@hawser/core/testing';
import { expect, test } from 'vitest';
import { DnsClient } from '../../src/client/dns-client.ts';
import type { DnsServerLike } from '../../src/client/dns-server.ts';
import { DnsResolver } from '../../src/client/resolver/dns-resolver.ts';
import { FakeServer, rr } from './fake-server.ts';

const onBoth = onBothReactors(test);
const address = rr('www.example.net 60 A 192.0.2.1');

onBoth('asks over UDP, and over TCP what does not fit', async ({ server, client, host }) => {
  const fake = await FakeServer.start(
    server,
    (query, { transport }) =>
      transport === 'udp' && query.question?.type === 16
        ? { flags: 0x0200 }
        : { answer: [address] },
    { host },
  );
  const servers = [`${host}:${fake.udp.address.port}`];
  const dns = new DnsClient({ reactor: client, servers });
  expect((await dns.query('www.example.net', 'A')).answer).toHaveLength(1);
  expect((await dns.query('www.example.net', 'TXT')).answer).toHaveLength(1);
  expect(fake.queries.map(({ transport }) => transport)).toEqual(['udp', 'udp', 'tcp']);
  await dns.close();
  await fake.stop();
});

onBoth(
  'many at once have a port each over UDP, and one connection over TCP',
  async ({ server, client, host }) => {
    const fake = await FakeServer.start(
      server,
      (query) => ({ answer: [rr(`${query.question?.name} 60 A 192.0.2.1`)] }),
      { host },
    );
    const where = `${host}:${fake.udp.address.port}`;
    const dns = new DnsClient({ reactor: client });
    for (const servers of [[where], [`tcp://${where}`]]) {
      const names = Array.from({ length: 100 }, (_, index) => `n${index}.example.net`);
      const replies = await Promise.all(names.map((name) => dns.query(name, 'A', { servers })));
      expect(replies.map(({ answer }) => answer[0]?.name.toString())).toEqual(names);
    }
    const datagrams = fake.queries.filter(({ transport }) => transport === 'udp');
    expect(new Set(datagrams.map(({ from }) => from.port)).size).toBe(100);
    expect(fake.connections).toBe(1);
    await dns.close();
    await fake.stop();
  },
);

test('asks over TLS with a certificate that is verified', async () => {
  const reactor = createNodeReactor();
  const authority = createTestAuthority();
  const fake = await FakeServer.start(reactor, () => ({ answer: [address] }), {
    host: '127.0.0.1',
  });
  const layer = stack(tls(authority.server('dns.example.net')));
  const port = await reactor.tcp.listen(
    { host: '127.0.0.1', port: 0 },
    layer({ name: 'dot', buildProtocol: () => fake.stream() }),
  );
  const server = (serverName: string, ca: string): DnsServerLike => ({
    host: '127.0.0.1',
    port: (port.address as InetAddress).port,
    transport: 'tls',
    serverName,
    tls: { ca },
  });
  await using dns = new DnsClient({ reactor, attempts: 1 });
  const ask = (where: DnsServerLike) => dns.query('www.example.net', 'A', { servers: [where] });
  expect((await ask(server('dns.example.net', authority.ca))).answer).toHaveLength(1);
  await expect(ask(server('other.example.net', authority.ca))).rejects.toMatchObject({
    code: 'HAWSER_DNS_NETWORK',
  });
  await expect(ask(server('dns.example.net', createTestAuthority().ca))).rejects.toMatchObject({
    code: 'HAWSER_DNS_NETWORK',
  });
  await dns.close();
  await port.stop();
  await fake.stop();
});

onBoth('is the resolver of a reactor', async ({ server, client, host }) => {
  const fake = await FakeServer.start(
    server,
    (query) =>
      query.question?.type === 1 ? { answer: [rr(`there.example.net 60 A ${host}`)] } : {},
    { host },
  );
  const listening = await server.tcp.listen({ host, port: 0 }, () => ({ dataReceived() {} }));
  const resolver = new DnsResolver({
    reactor: client,
    servers: [`${host}:${fake.udp.address.port}`],
    hosts: '',
    resolvConf: '',
  });
  const before = client.resolver;
  Object.assign(client, { resolver });
  try {
    const { port } = listening.address as InetAddress;
    const transport = await client.tcp.connect({ host: 'there.example.net', port }, () => ({
      dataReceived() {},
    }));
    expect(transport.peer).toMatchObject({ host, port });
    transport.abort();
  } finally {
    Object.assign(client, { resolver: before });
  }
  await resolver.close();
  await listening.stop();
  await fake.stop();
});

test('the files of the system are read', async () => {
  await using resolver = new DnsResolver({
    reactor: createNodeReactor(),
    servers: ['127.0.0.1:1'],
  });
  expect(await resolver.lookup('localhost', { family: 4 })).toEqual([
    { host: '127.0.0.1', family: 4 },
  ]);
  // Whatever the hosts file has, a name that is in none is asked for, and nobody answers here.
  await using impatient = new DnsResolver({
    reactor: createNodeReactor(),
    servers: ['tcp://127.0.0.1:1'],
    attempts: 1,
    search: [],
    hostsPath: '/nonexistent',
    resolvConfPath: '/nonexistent',
  });
  await expect(impatient.lookup('name.example.net')).rejects.toMatchObject({
    code: 'HAWSER_RESOLVE',
    cause: { code: 'HAWSER_DNS_NETWORK' },
  });
});

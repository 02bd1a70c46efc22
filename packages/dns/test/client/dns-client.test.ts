import {
  CancelledError,
  createSimReactor,
  delay,
  type SimHost,
  type Simulation,
  stack,
  TLS,
  tls,
  UsageError,
} from '@hawser/core';
import { FakeTls } from '@hawser/core/testing';
import { describe, expect, test } from 'vitest';
import { DnsClient } from '../../src/client/dns-client.ts';
import type { DnsClientOptions } from '../../src/client/dns-client-options.ts';
import type { DnsMessage } from '../../src/message/parse-message.ts';
import { Rcode, Type } from '../../src/numbers.ts';
import { tsigKey } from '../../src/tsig/key.ts';
import { FakeServer, reply, rr, type Script } from './fake-server.ts';

interface World {
  readonly sim: Simulation;
  readonly host: SimHost;
  readonly serverHost: SimHost;
  readonly client: DnsClient;
  readonly server: FakeServer;
  readonly where: string;
}

const address = rr('www.example.net 60 A 192.0.2.1');

async function world(script: Script, options: Partial<DnsClientOptions> = {}): Promise<World> {
  const sim = createSimReactor({ seed: 11 });
  const [serverHost, host] = sim.hosts('server', 'client');
  const where = serverHost?.addresses[0] ?? '';
  const server = await FakeServer.start(serverHost as SimHost, script);
  const client = new DnsClient({ reactor: host as SimHost, servers: [where], ...options });
  return {
    sim,
    host: host as SimHost,
    serverHost: serverHost as SimHost,
    client,
    server,
    where,
  };
}

function spelled(message: DnsMessage): string {
  return message.question?.name.toString() ?? '';
}

describe('over UDP', () => {
  test('asks with RD, EDNS 1232 and a cookie, and gives the records', async () => {
    const { client, server } = await world((query) => ({
      answer: [rr(`${spelled(query)} 60 A 192.0.2.1`)],
    }));
    const message = await client.query('www.example.net', 'A');
    expect(message.rcode).toBe(Rcode.NoError);
    expect(message.answer[0]?.rdata?.wire).toEqual(Buffer.from([192, 0, 2, 1]));
    const [{ query, transport } = { query: undefined, transport: undefined }] = server.queries;
    expect(transport).toBe('udp');
    expect(query?.flags).toBe(0x0100);
    expect(query?.edns?.udpSize).toBe(1232);
    expect(query?.edns?.options.map(({ code, data }) => [code, data.length])).toEqual([[10, 8]]);
  });

  test('spells names at random, and takes a port of its own for each query', async () => {
    const { client, server } = await world(() => ({ answer: [address] }));
    for (let count = 0; count < 8; count++) await client.query('www.example.net', 'A');
    expect(new Set(server.queries.map(({ query }) => spelled(query))).size).toBeGreaterThan(4);
    expect(new Set(server.queries.map(({ from }) => from.port)).size).toBe(8);
    expect(new Set(server.queries.map(({ query }) => query.id)).size).toBe(8);
    expect(
      server.queries.every(({ query }) => spelled(query).toLowerCase() === 'www.example.net'),
    ).toBe(true);
  });

  test('names in the reply are spelled as they were asked for', async () => {
    const { client } = await world((query) => ({
      answer: [rr(`${spelled(query)} 60 CNAME ${spelled(query)}`)],
    }));
    const message = await client.query('a-name-with-many-letters.example.net', 'A');
    expect(message.question?.name.toString()).toBe('a-name-with-many-letters.example.net');
    expect(message.answer[0]?.name.toString()).toBe('a-name-with-many-letters.example.net');
    expect(message.answer[0]?.rdata?.target?.toString()).toBe(
      'a-name-with-many-letters.example.net',
    );
  });

  test('NXDOMAIN is a reply', async () => {
    const { client } = await world(() => ({ rcode: Rcode.NXDomain }));
    expect((await client.query('nothing.example.net', 'A')).rcode).toBe(Rcode.NXDomain);
  });

  test('a lost datagram is sent again', async () => {
    let count = 0;
    const { client, server } = await world(() => (++count < 3 ? undefined : { answer: [address] }));
    expect((await client.query('www.example.net', 'A')).answer).toHaveLength(1);
    expect(server.queries).toHaveLength(3);
    expect(client.counters.timeouts).toBe(2);
  });

  test('silence is HAWSER_DNS_TIMEOUT', async () => {
    const { client, sim } = await world(() => undefined);
    await expect(client.query('www.example.net', 'A')).rejects.toMatchObject({
      code: 'HAWSER_DNS_TIMEOUT',
    });
    expect(sim.now()).toBeGreaterThanOrEqual(14_000);
  });

  test('a partition is HAWSER_DNS_TIMEOUT', async () => {
    const { client, sim, server, host } = await world(() => ({ answer: [address] }));
    sim.partition('server', host);
    await expect(client.query('www.example.net', 'A')).rejects.toMatchObject({
      code: 'HAWSER_DNS_TIMEOUT',
    });
    expect(server.queries).toHaveLength(0);
  });

  test('a refusal of all servers is HAWSER_DNS_SERVER with its code', async () => {
    const { client } = await world(() => ({ rcode: Rcode.Refused }));
    await expect(client.query('www.example.net', 'A')).rejects.toMatchObject({
      code: 'HAWSER_DNS_SERVER',
      rcode: Rcode.Refused,
    });
  });

  test('who fails is not the last word while there is another server', async () => {
    const { client, sim, where } = await world(() => ({ rcode: Rcode.ServFail }));
    const other = sim.host('other');
    await FakeServer.start(other, () => ({ answer: [address] }));
    const servers = [where, other.addresses[0] ?? ''];
    expect((await client.query('www.example.net', 'A', { servers })).answer).toHaveLength(1);
  });

  test('a truncated reply is asked for again over TCP', async () => {
    const { client, server } = await world((_, { transport }) =>
      transport === 'udp' ? { flags: 0x0200 } : { answer: [address] },
    );
    expect((await client.query('www.example.net', 'A')).answer).toHaveLength(1);
    expect(server.queries.map(({ transport }) => transport)).toEqual(['udp', 'tcp']);
  });

  test('who gives up before there is a port asks nobody', async () => {
    const { client, server, sim } = await world(() => ({ answer: [address] }));
    const asking = client.query('www.example.net', 'A');
    asking.cancel();
    await expect(asking).rejects.toBeInstanceOf(CancelledError);
    await delay(30_000, sim.clock);
    expect(server.queries).toEqual([]);
    expect(client.counters.sent).toBe(1);
  });

  test('a reply that is truncated over TCP as well is not taken for the whole', async () => {
    const { client, server } = await world(() => ({ flags: 0x0200, answer: [address] }), {
      attempts: 1,
    });
    await expect(client.query('www.example.net', 'A')).rejects.toMatchObject({
      code: 'HAWSER_DNS_REPLY',
      message: expect.stringContaining('truncated'),
    });
    expect(server.queries.map(({ transport }) => transport)).toEqual(['udp', 'tcp']);
  });
});

describe('a forger', () => {
  const good = (query: DnsMessage) => reply(query, { answer: [address] });
  const forged = (query: DnsMessage) =>
    reply(query, { answer: [rr('www.example.net 60 A 203.0.113.66')] });
  const spoiled: readonly [string, (query: DnsMessage) => Buffer][] = [
    ['another id', (query) => reply({ ...query, id: query.id ^ 1 })],
    ['no response bit', (query) => Buffer.from(forged(query)).fill(0, 2, 3)],
    ['another opcode', (query) => reply({ ...query, opcode: 4 })],
    [
      'another type',
      (query) => reply(query, { question: query.question && { ...query.question, type: 28 } }),
    ],
    ['no question', (query) => reply(query, { question: undefined, answer: [] })],
    ['half a header', (query) => forged(query).subarray(0, 7)],
  ];
  test.each(spoiled)('with %s is not believed, and the wait goes on', async (_, spoil) => {
    const { client } = await world((query) => [spoil(query), spoil(query), good(query)]);
    const message = await client.query('www.example.net', 'A');
    expect(message.answer[0]?.rdata?.wire[0]).toBe(192);
    expect(client.counters.mismatches).toBe(2);
  });

  test('at another address is not believed', async () => {
    let hit = false;
    const { client, sim } = await world((query, { from }) => {
      void (async () => {
        const port = await forger.udp.bind({ port: 53 }, { datagramReceived() {} });
        hit = port.send(forged(query), from);
      })();
      return new Promise((done) => sim.clock.callLater(500, () => done(good(query))));
    });
    const forger = sim.host('forger');
    expect((await client.query('www.example.net', 'A')).answer[0]?.rdata?.wire[0]).toBe(192);
    expect(hit).toBe(true);
    expect(client.counters.mismatches).toBe(1);
  });

  test('from another port of the server is not believed', async () => {
    let hit = false;
    const { client, sim, serverHost } = await world((query, { from }) => {
      void (async () => {
        const port = await serverHost.udp.bind({ port: 5353 }, { datagramReceived() {} });
        hit = port.send(forged(query), from);
      })();
      return new Promise((done) => sim.clock.callLater(500, () => done(good(query))));
    });
    expect((await client.query('www.example.net', 'A')).answer[0]?.rdata?.wire[0]).toBe(192);
    expect(hit).toBe(true);
    expect(client.counters.mismatches).toBe(1);
  });

  test('that tries too often makes the client take TCP', async () => {
    const { client, server } = await world((query, { transport }) => {
      if (transport === 'tcp') return good(query);
      const tries = [1, 2, 3].map((bit) => reply({ ...query, id: query.id ^ bit }));
      return [...tries, forged(query)];
    });
    expect((await client.query('www.example.net', 'A')).answer[0]?.rdata?.wire[0]).toBe(192);
    expect(server.queries.map(({ transport }) => transport)).toEqual(['udp', 'tcp']);
  });

  test('that sends a broken record makes the client take TCP', async () => {
    const { client, server } = await world((query, { transport }) =>
      transport === 'tcp' ? good(query) : forged(query).subarray(0, -5),
    );
    expect((await client.query('www.example.net', 'A')).answer[0]?.rdata?.wire[0]).toBe(192);
    expect(server.queries.map(({ transport }) => transport)).toEqual(['udp', 'tcp']);
  });

  test('that does not know the spelling makes the client take TCP', async () => {
    const { client, server } = await world((query, { transport }) => {
      if (transport === 'tcp') return good(query);
      const question = query.question && { ...query.question, name: address.name };
      return spelled(query) === 'www.example.net'
        ? undefined
        : reply(query, { question, answer: [] });
    });
    expect((await client.query('www.example.net', 'A')).answer[0]?.rdata?.wire[0]).toBe(192);
    expect(server.queries.map(({ transport }) => transport)).toEqual(['udp', 'tcp']);
  });
});

describe('over TCP', () => {
  test('one connection is shared, and answers may come in any order', async () => {
    const waiting: (() => void)[] = [];
    const { client, server, where } = await world((query) => {
      return new Promise((done) => {
        waiting.unshift(() => done({ answer: [rr(`${spelled(query)} 60 A 192.0.2.1`)] }));
        if (waiting.length === 10) for (const each of waiting) each();
      });
    });
    const names = Array.from({ length: 10 }, (_, index) => `n${index}.example.net`);
    const servers = [`tcp://${where}`];
    const messages = await Promise.all(names.map((name) => client.query(name, 'A', { servers })));
    expect(messages.map(({ answer }) => answer[0]?.name.toString())).toEqual(names);
    expect(server.connections).toBe(1);
  });

  test('an idle connection is closed, and the next question makes another', async () => {
    const { client, server, where, sim } = await world(() => ({ answer: [address] }));
    const servers = [`tcp://${where}`];
    await client.query('www.example.net', 'A', { servers });
    expect(server.live.size).toBe(1);
    await delay(11_000, sim.clock);
    expect(server.live.size).toBe(0);
    const later = client.query('www.example.net', 'A', { servers });
    await delay(1_000, sim.clock);
    await later;
    expect(server.connections).toBe(2);
  });

  test('the server may ask to be kept for less time, or not at all (RFC 7828)', async () => {
    const options = [{ code: 11, data: Buffer.from([0, 0]) }];
    const { client, server, where, sim } = await world(() => ({
      edns: { udpSize: 1232, options },
    }));
    await client.query('www.example.net', 'A', { servers: [`tcp://${where}`] });
    await delay(100, sim.clock);
    expect(server.live.size).toBe(0);
  });

  test('a used connection that the server closes meanwhile is replaced once', async () => {
    let count = 0;
    const { client, server, where } = await world(() => {
      if (++count !== 2) return { answer: [address] };
      for (const each of server.live) each.transport.abort();
      return undefined;
    });
    const servers = [`tcp://${where}`];
    await client.query('www.example.net', 'A', { servers });
    await client.query('www.example.net', 'A', { servers });
    expect(server.connections).toBe(2);
    expect(server.queries).toHaveLength(3);
  });

  test('a server without TCP is HAWSER_DNS_NETWORK', async () => {
    const { client, where } = await world(() => undefined);
    const servers = [`tcp://${where}:5300`];
    await expect(client.query('www.example.net', 'A', { servers })).rejects.toMatchObject({
      code: 'HAWSER_DNS_NETWORK',
    });
  });
});

describe('servers that are older', () => {
  test('who answers FORMERR without OPT is asked without EDNS, and so later on', async () => {
    const { client, server } = await world((query) =>
      query.edns === undefined ? { answer: [address] } : { rcode: Rcode.FormErr, edns: undefined },
    );
    await client.query('www.example.net', 'A');
    await client.query('www.example.net', 'A');
    expect(server.queries.map(({ query }) => query.edns !== undefined)).toEqual([
      true,
      false,
      false,
    ]);
  });

  test('BADVERS is asked again without EDNS', async () => {
    const { client } = await world((query) =>
      query.edns === undefined ? { answer: [address] } : { rcode: Rcode.BadVers },
    );
    expect((await client.query('www.example.net', 'A')).answer).toHaveLength(1);
  });
});

describe('cookies', () => {
  const cookieOf = (query: DnsMessage) =>
    query.edns?.options.find(({ code }) => code === 10)?.data ?? Buffer.alloc(0);
  const withCookie = (query: DnsMessage, server: string, more = {}) => ({
    edns: {
      udpSize: 1232,
      options: [
        { code: 10, data: Buffer.concat([cookieOf(query).subarray(0, 8), Buffer.from(server)]) },
      ],
    },
    ...more,
  });

  test('what the server gave is sent along', async () => {
    const { client, server } = await world((query) => withCookie(query, 'server-1'));
    await client.query('www.example.net', 'A');
    await client.query('www.example.net', 'A');
    expect(cookieOf(server.queries[0]?.query as DnsMessage)).toHaveLength(8);
    expect(
      cookieOf(server.queries[1]?.query as DnsMessage)
        .subarray(8)
        .toString(),
    ).toBe('server-1');
  });

  test('BADCOOKIE is tried again with the fresh one', async () => {
    const { client, server } = await world((query) =>
      withCookie(
        query,
        'server-2',
        cookieOf(query).length === 8 ? { rcode: Rcode.BadCookie } : { answer: [address] },
      ),
    );
    expect((await client.query('www.example.net', 'A')).answer).toHaveLength(1);
    expect(server.queries).toHaveLength(2);
  });

  test('a reply without the cookie of a server that has them is doubted, and TCP tells', async () => {
    const { client, server } = await world((query, { transport }) => {
      if (server.queries.length === 1) return withCookie(query, 'server-3');
      return transport === 'udp' ? { edns: undefined } : { answer: [address] };
    });
    await client.query('www.example.net', 'A');
    expect((await client.query('www.example.net', 'A')).answer).toHaveLength(1);
    expect(server.queries.map(({ transport }) => transport)).toEqual(['udp', 'udp', 'tcp']);
  });
});

describe('signed', () => {
  const key = tsigKey('client-key', 'hmac-sha256', 'c2VjcmV0LXNlY3JldC1zZWNyZXQ=');

  test('a reply without a signature is not believed, over TCP neither', async () => {
    const { client, where, server } = await world((query) => reply(query));
    await expect(
      client.exchange({ name: 'example.net', type: Type.SOA }, where, { key }),
    ).rejects.toMatchObject({ code: 'HAWSER_DNS_TSIG' });
    expect(server.queries.map(({ transport }) => transport)).toEqual(['udp', 'tcp']);
    expect(server.queries[0]?.query.signatureOffset).toBeGreaterThan(0);
  });
});

describe('ending', () => {
  test('cancelling leaves nothing behind', async () => {
    const { client, sim, server } = await world(() => undefined);
    const query = client.query('www.example.net', 'A');
    await delay(100, sim.clock);
    query.cancel();
    await expect(query).rejects.toMatchObject({ code: 'HAWSER_CANCELLED' });
    await server.stop();
    await delay(100, sim.clock);
    sim.assertNoLeaks();
  });

  test('a signal cancels', async () => {
    const { client, sim } = await world(() => undefined);
    const controller = new AbortController();
    const query = client.query('www.example.net', 'A', { signal: controller.signal });
    await delay(100, sim.clock);
    controller.abort(new Error('enough'));
    await expect(query).rejects.toMatchObject({ code: 'HAWSER_CANCELLED' });
  });

  test('close ends every question, and connections', async () => {
    const { client, sim, server, where } = await world(() => undefined);
    const queries = [
      client.query('www.example.net', 'A'),
      client.query('www.example.net', 'A', { servers: [`tcp://${where}`] }),
    ];
    const settled = Promise.allSettled(queries);
    await delay(100, sim.clock);
    await client.close();
    for (const each of await settled)
      expect(each).toMatchObject({ reason: { code: 'HAWSER_DNS_CLOSED' } });
    await expect(client.query('a', 'A')).rejects.toMatchObject({ code: 'HAWSER_DNS_CLOSED' });
    await server.stop();
    await delay(1_000, sim.clock);
    sim.assertNoLeaks();
  });

  test('close ends a connection whose server does not answer to its end', async () => {
    const { client, sim, host, serverHost, where } = await world(() => ({ answer: [address] }));
    await client.query('www.example.net', 'A', { servers: [`tcp://${where}`] });
    await delay(9_900, sim.clock);
    using _ = sim.partition(host, serverHost);
    await delay(500, sim.clock);
    expect(sim.netstat(host)).toMatchObject([{ state: 'fin-wait' }]);
    await client.close();
    await delay(0, sim.clock);
    expect(sim.netstat(host)).toEqual([]);
    expect(sim.leaks().filter(({ owner }) => owner === host.name)).toEqual([]);
  });

  test('too many questions are HAWSER_DNS_BUSY', async () => {
    const { client } = await world(() => undefined, { maxInFlight: 1, maxWaiting: 1 });
    const first = client.query('a.example', 'A');
    const second = client.query('b.example', 'A');
    await expect(client.query('c.example', 'A')).rejects.toMatchObject({ code: 'HAWSER_DNS_BUSY' });
    for (const each of [first, second]) {
      each.cancel();
      await expect(each).rejects.toMatchObject({ code: 'HAWSER_CANCELLED' });
    }
  });
});

test.each([
  { attempts: 0 },
  { timeoutMs: Number.NaN },
  { deadlineMs: 0 },
  { udpPayloadBytes: 65_536 },
  { maxMismatches: 0 },
  { maxInFlight: 1.5 },
  { maxWaiting: -1 },
  { maxConnections: 0 },
  // More than there are ids would look for a free one forever.
  { maxInFlightPerConnection: 65_536 },
  { idleMs: -1 },
  { maxServers: 0 },
  { servers: ['nowhere at all'] },
])('%o is a mistake, found at once', (options) => {
  const reactor = createSimReactor().host('client');
  expect(() => new DnsClient({ reactor, ...options })).toThrow(UsageError);
});

test.each([{ timeoutMs: 0 }, { timeoutMs: Number.NaN }, { attempts: 0 }])(
  '%o for one question is a mistake',
  async (options) => {
    const { client, where } = await world(() => undefined);
    await expect(client.query('example.net', 'A', options)).rejects.toBeInstanceOf(UsageError);
    const request = { name: 'example.net', type: 'A' };
    await expect(client.exchange(request, where, options)).rejects.toBeInstanceOf(UsageError);
  },
);

test('a connection on which an answer did not come in time is left', async () => {
  const { client, server, where } = await world((query) =>
    spelled(query) === 'slow.example.net' ? undefined : { answer: [address] },
  );
  const servers = [`tcp://${where}`];
  await client.query('www.example.net', 'A', { servers });
  const slow = client.query('slow.example.net', 'A', { servers, attempts: 1 });
  await expect(slow).rejects.toMatchObject({ code: 'HAWSER_DNS_TIMEOUT' });
  await client.query('www.example.net', 'A', { servers });
  expect(server.connections).toBe(2);
});

test('a question nobody wants any more does not cost the connection', async () => {
  const { client, server, where, sim } = await world((query) =>
    spelled(query) === 'slow.example.net' ? undefined : { answer: [address] },
  );
  const servers = [`tcp://${where}`];
  const slow = client.query('slow.example.net', 'A', { servers });
  await delay(100, sim.clock);
  slow.cancel();
  await client.query('www.example.net', 'A', { servers });
  expect(server.connections).toBe(1);
});

test('answers that nobody waits for any more do not cost the connection', async () => {
  const { client, server, where, sim } = await world((query) =>
    spelled(query) === 'slow.example.net'
      ? delay(100, sim.clock).then(() => ({ answer: [address] }))
      : { answer: [address] },
  );
  const servers = [`tcp://${where}`];
  for (let count = 0; count < 100; count++) {
    const slow = client.query('slow.example.net', 'A', { servers });
    await delay(50, sim.clock);
    slow.cancel();
    await client.query('www.example.net', 'A', { servers });
  }
  await delay(1_000, sim.clock);
  expect(server.connections).toBe(1);
});

test('a server that sends what nobody asked for is left', async () => {
  const { client, server, where, sim } = await world((query) =>
    Array.from({ length: 100 }, (_, index) => reply({ ...query, id: query.id ^ (index + 1) })),
  );
  const servers = [`tcp://${where}`];
  await expect(
    client.query('www.example.net', 'A', { servers, attempts: 1 }),
  ).rejects.toMatchObject({
    code: 'HAWSER_DNS_NETWORK',
  });
  await delay(10, sim.clock);
  expect(server.live.size).toBe(0);
});

test('connections and questions on them are limited', async () => {
  const options = { maxConnections: 1, maxInFlightPerConnection: 2, attempts: 1 };
  const { client, where, server } = await world(() => undefined, options);
  const servers = [`tcp://${where}`];
  const queries = ['a', 'b', 'c'].map((name) => client.query(name, 'A', { servers }));
  const results = await Promise.allSettled(queries);
  const codes = results.map((each) => (each.status === 'rejected' ? each.reason.code : ''));
  expect(codes.filter((code) => code === 'HAWSER_DNS_BUSY')).toHaveLength(1);
  expect(codes.filter((code) => code === 'HAWSER_DNS_TIMEOUT')).toHaveLength(2);
  expect(server.connections).toBe(1);
});

test('a server by name is looked up', async () => {
  const { client } = await world(() => ({ answer: [address] }));
  expect((await client.query('www.example.net', 'A', { servers: ['server'] })).answer).toHaveLength(
    1,
  );
});

test('an address in IPv6 is asked by IPv6', async () => {
  const sim = createSimReactor({ seed: 1 });
  const serverHost = sim.host('server', { addresses: ['2001:db8::53'] });
  const host = sim.host('client', { addresses: ['2001:db8::1'] });
  await FakeServer.start(serverHost, () => ({ answer: [address] }));
  const client = new DnsClient({ reactor: host, servers: ['2001:DB8:0::53'] });
  expect((await client.query('www.example.net', 'A')).answer).toHaveLength(1);
});

describe('over TLS', () => {
  async function secured(certificateNames: string[], options: Partial<DnsClientOptions> = {}) {
    const sim = createSimReactor({ seed: 11 });
    const serverHost = sim.host('server', { tls: new FakeTls() });
    const host = sim.host('client', { tls: new FakeTls({ certificateNames }) });
    const server = await FakeServer.start(serverHost, () => ({ answer: [address] }));
    const alpns: (string | undefined)[] = [];
    const layer = stack(tls({ cert: 'x', key: 'x', alpn: ['dot'] }));
    await serverHost.tcp.listen(
      { port: 853 },
      layer({
        name: 'dot',
        buildProtocol(incoming) {
          alpns.push(incoming.info(TLS)?.alpn);
          return server.stream();
        },
      }),
    );
    const client = new DnsClient({ reactor: host, attempts: 1, ...options });
    const where = serverHost.addresses[0] ?? '';
    return { client, server, where, alpns };
  }

  test('speaks dot, pads queries to 128 octets, and shares the connection', async () => {
    const { client, server, where, alpns } = await secured(['dns.example.net']);
    const servers = [`tls://${where}#dns.example.net`];
    for (let count = 0; count < 3; count++) await client.query('www.example.net', 'A', { servers });
    expect(alpns).toEqual(['dot']);
    expect(server.queries.map(({ query }) => query.bytes.length % 128)).toEqual([0, 0, 0]);
  });

  test('a certificate for another name is not trusted', async () => {
    const { client, where, server } = await secured(['dns.example.net']);
    const servers = [`tls://${where}#other.example.net`];
    await expect(client.query('www.example.net', 'A', { servers })).rejects.toMatchObject({
      code: 'HAWSER_DNS_NETWORK',
    });
    expect(server.queries).toHaveLength(0);
  });

  test('whoever it is will do for opportunistic privacy', async () => {
    const { client, where } = await secured(['dns.example.net']);
    const servers = [{ host: where, transport: 'tls', tls: { verify: false } } as const];
    expect((await client.query('www.example.net', 'A', { servers })).answer).toHaveLength(1);
  });
});

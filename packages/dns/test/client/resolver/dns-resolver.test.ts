import { createSimReactor, delay, type SimHost, UsageError } from '@hawser/core';
import { describe, expect, test } from 'vitest';
import { DnsResolver } from '../../../src/client/resolver/dns-resolver.ts';
import type { DnsResolverOptions } from '../../../src/client/resolver/dns-resolver-options.ts';
import type { MessageContent } from '../../../src/message/build-message.ts';
import type { DnsRecord } from '../../../src/message/record.ts';
import { Name } from '../../../src/name.ts';
import { formatType, Rcode } from '../../../src/numbers.ts';
import { FakeServer, rr, type Script } from '../fake-server.ts';

const soa = (ttl: number, minimum: number): DnsRecord =>
  rr(`example.net ${ttl} SOA`, {
    mname: 'ns.example.net',
    rname: 'admin.example.net',
    serial: 1,
    refresh: 1,
    retry: 1,
    expire: 1,
    minimum,
  });

/** Answers from lines of text; names without any are NXDOMAIN, names without the type NODATA. */
function zone(...lines: string[]): Script {
  const records = lines.map((line) => rr(line));
  return ({ question }): Partial<MessageContent> => {
    const name = question?.name;
    const own = records.filter((record) => name && record.name.equals(name));
    const answer = own.filter(({ type }) => type === question?.type || type === 5);
    const rcode = own.length === 0 ? Rcode.NXDomain : Rcode.NoError;
    return answer.length > 0 ? { answer } : { rcode, authority: [soa(60, 30)] };
  };
}

async function world(script: Script, options: Partial<DnsResolverOptions> = {}) {
  const sim = createSimReactor({ seed: 3 });
  const [serverHost, host] = sim.hosts('server', 'client');
  const server = await FakeServer.start(serverHost as SimHost, script);
  const conf = `nameserver ${serverHost?.addresses[0]}\nsearch example.net example.org\n`;
  const resolver = new DnsResolver({
    reactor: host as SimHost,
    resolvConf: conf,
    hosts: '192.0.2.99 printer printer.lan\n2001:db8::99 printer\n127.0.0.1 localhost',
    ...options,
  });
  const asked = () =>
    server.queries.map(
      ({ query: { question } }) =>
        `${question?.name.toString().toLowerCase()} ${formatType(question?.type ?? 0)}`,
    );
  return { sim, server, resolver, asked, host: host as SimHost };
}

async function hosts(resolver: DnsResolver, name: string, family?: 4 | 6): Promise<string[]> {
  return (await resolver.lookup(name, { family })).map(({ host }) => host);
}

describe('lookup', () => {
  test('asks for both families at once', async () => {
    const { resolver, asked } = await world(
      zone('www.example.net 60 A 192.0.2.1', 'www.example.net 60 AAAA 2001:db8::1'),
    );
    expect(await hosts(resolver, 'www.example.net')).toEqual(['192.0.2.1', '2001:db8::1']);
    expect(asked().sort()).toEqual(['www.example.net A', 'www.example.net AAAA']);
  });

  test('asks for one family only if that is all that is wanted', async () => {
    const { resolver, asked } = await world(zone('www.example.net 60 AAAA 2001:db8::1'));
    expect(await hosts(resolver, 'www.example.net', 6)).toEqual(['2001:db8::1']);
    expect(asked()).toEqual(['www.example.net AAAA']);
  });

  test('an IP address is its own answer', async () => {
    const { resolver, server } = await world(() => undefined);
    expect(await hosts(resolver, '192.0.2.7')).toEqual(['192.0.2.7']);
    expect(await hosts(resolver, '2001:db8::7')).toEqual(['2001:db8::7']);
    await expect(resolver.lookup('192.0.2.7', { family: 6 })).rejects.toMatchObject({
      code: 'HAWSER_RESOLVE',
    });
    expect(server.queries).toHaveLength(0);
  });

  test('localhost never leaves the machine', async () => {
    const { resolver, server } = await world(() => undefined);
    expect(await hosts(resolver, 'localhost')).toEqual(['127.0.0.1', '::1']);
    expect(await hosts(resolver, 'db.localhost.', 6)).toEqual(['::1']);
    expect(server.queries).toHaveLength(0);
  });

  test('the hosts file comes first', async () => {
    const { resolver, server } = await world(() => undefined);
    expect(await hosts(resolver, 'PRINTER')).toEqual(['192.0.2.99', '2001:db8::99']);
    expect(await hosts(resolver, 'printer.lan', 4)).toEqual(['192.0.2.99']);
    expect(server.queries).toHaveLength(0);
  });

  test('names with few dots are tried with the search list first', async () => {
    const { resolver, asked } = await world(zone('www.example.org 60 A 192.0.2.1'));
    expect(await hosts(resolver, 'www', 4)).toEqual(['192.0.2.1']);
    expect(asked()).toEqual(['www.example.net A', 'www.example.org A']);
  });

  test('names with dots are tried as they are first', async () => {
    const { resolver, asked } = await world(zone('a.b.example.net 60 A 192.0.2.1'));
    expect(await hosts(resolver, 'a.b', 4)).toEqual(['192.0.2.1']);
    expect(asked()).toEqual(['a.b A', 'a.b.example.net A']);
  });

  test('a name that servers fail to look up does not keep from trying the next', async () => {
    const script = zone('www.example.org 60 A 192.0.2.1');
    const { resolver, asked } = await world((query, how) =>
      query.question?.name.toString().toLowerCase() === 'www.example.net'
        ? { rcode: Rcode.ServFail }
        : script(query, how),
    );
    expect(await hosts(resolver, 'www', 4)).toEqual(['192.0.2.1']);
    expect(asked()).toEqual(['www.example.net A', 'www.example.org A']);
  });

  test('a failure on the way is told if nothing is found', async () => {
    const script = zone();
    const { resolver } = await world((query, how) =>
      query.question?.name.toString().toLowerCase() === 'www.example.net'
        ? { rcode: Rcode.ServFail }
        : script(query, how),
    );
    await expect(resolver.lookup('www', { family: 4 })).rejects.toMatchObject({
      code: 'HAWSER_RESOLVE',
      cause: { code: 'HAWSER_DNS_SERVER', rcode: Rcode.ServFail },
    });
  });

  test('servers that say nothing are not asked for the next name as well', async () => {
    const { resolver, asked } = await world(() => undefined, { attempts: 1 });
    await expect(resolver.lookup('www', { family: 4 })).rejects.toMatchObject({
      cause: { code: 'HAWSER_DNS_TIMEOUT' },
    });
    expect(asked()).toEqual(['www.example.net A']);
  });

  test('a final dot means no search list', async () => {
    const { resolver, asked } = await world(zone());
    await expect(resolver.lookup('www.', { family: 4 })).rejects.toMatchObject({
      code: 'HAWSER_RESOLVE',
    });
    expect(asked()).toEqual(['www A']);
  });

  test('aliases are followed, also where the reply ends with one', async () => {
    const { resolver, asked } = await world(
      zone(
        'a.example.net 60 CNAME b.example.net',
        'b.example.net 60 CNAME c.example.net',
        'c.example.net 60 A 192.0.2.1',
      ),
    );
    expect(await hosts(resolver, 'a.example.net', 4)).toEqual(['192.0.2.1']);
    expect(asked()).toEqual(['a.example.net A', 'b.example.net A', 'c.example.net A']);
  });

  test('a circle of aliases ends', async () => {
    const { resolver, server } = await world(
      zone('a.example.net 60 CNAME b.example.net', 'b.example.net 60 CNAME a.example.net'),
      { search: [] },
    );
    await expect(resolver.lookup('a.example.net', { family: 4 })).rejects.toMatchObject({
      code: 'HAWSER_RESOLVE',
    });
    expect(server.queries.length).toBeLessThan(10);
  });

  test('what fails is HAWSER_RESOLVE with its cause', async () => {
    const { resolver } = await world(() => ({ rcode: Rcode.ServFail }));
    await expect(resolver.lookup('www.example.net')).rejects.toMatchObject({
      code: 'HAWSER_RESOLVE',
      cause: { code: 'HAWSER_DNS_SERVER', rcode: Rcode.ServFail },
    });
  });

  test('one family is enough if the other cannot be had', async () => {
    const { resolver } = await world((query) =>
      query.question?.type === 1
        ? { answer: [rr('www.example.net 60 A 192.0.2.1')] }
        : { rcode: Rcode.ServFail },
    );
    expect(await hosts(resolver, 'www.example.net')).toEqual(['192.0.2.1']);
  });

  test.each(['', '.', 'a..b', `${'x'.repeat(64)}.example`, 'thing.invalid', 'hidden.onion'])(
    '"%s" is never asked for',
    async (name) => {
      const { resolver, server } = await world(zone());
      await expect(resolver.lookup(name)).rejects.toMatchObject({ code: 'HAWSER_RESOLVE' });
      expect(server.queries).toHaveLength(0);
    },
  );

  test('a name in another script is asked for as DNS has it', async () => {
    const { resolver, asked } = await world(zone('xn--bcher-kva.example.net 60 A 192.0.2.1'));
    expect(await hosts(resolver, 'bücher.example.net', 4)).toEqual(['192.0.2.1']);
    expect(asked()).toEqual(['xn--bcher-kva.example.net A']);
  });
});

describe('remembers', () => {
  test('an answer for its TTL, and no longer', async () => {
    const { resolver, server, sim } = await world(zone('www.example.net 10 A 192.0.2.1'));
    await hosts(resolver, 'www.example.net', 4);
    await delay(9_000, sim.clock);
    await hosts(resolver, 'www.example.net', 4);
    expect(server.queries).toHaveLength(1);
    await delay(1_100, sim.clock);
    await hosts(resolver, 'www.example.net', 4);
    expect(server.queries).toHaveLength(2);
  });

  test('an absence for the smaller of TTL and minimum of the SOA', async () => {
    const { resolver, server, sim } = await world(zone(), { search: [] });
    const miss = () =>
      expect(resolver.lookup('no.example.net', { family: 4 })).rejects.toMatchObject({
        code: 'HAWSER_RESOLVE',
      });
    await miss();
    await delay(29_000, sim.clock);
    await miss();
    expect(server.queries).toHaveLength(1);
    await delay(1_100, sim.clock);
    await miss();
    expect(server.queries).toHaveLength(2);
  });

  test('no absence that a SOA of elsewhere says', async () => {
    const elsewhere = { ...soa(60, 30), name: Name.parse('example.org') };
    const { resolver, server } = await world(
      () => ({ rcode: Rcode.NXDomain, authority: [elsewhere] }),
      { search: [] },
    );
    for (let count = 0; count < 2; count++)
      await expect(resolver.lookup('www.example.net', { family: 4 })).rejects.toThrow(
        'it has no IPv4 address',
      );
    expect(server.queries).toHaveLength(2);
  });

  test('no failure', async () => {
    const { resolver, server } = await world(() => ({ rcode: Rcode.Refused }), { search: [] });
    for (let count = 0; count < 2; count++)
      await expect(resolver.lookup('www.example.net', { family: 4 })).rejects.toThrow(/REFUSED/);
    expect(server.queries).toHaveLength(2);
  });

  test('so many answers, and then forgets those not used for long', async () => {
    const { resolver, asked } = await world(
      zone(
        'a.example.net 60 A 192.0.2.1',
        'b.example.net 60 A 192.0.2.1',
        'c.example.net 60 A 192.0.2.1',
      ),
      { maxEntries: 2 },
    );
    for (const name of ['a', 'b', 'a', 'c', 'a', 'b'])
      await hosts(resolver, `${name}.example.net`, 4);
    expect(asked().map((each) => each[0])).toEqual(['a', 'b', 'c', 'b']);
  });
});

test('the same question at the same time is asked once, and cancelled when nobody wants it any more', async () => {
  const { resolver, server, sim, host } = await world(() => undefined, { search: [] });
  const lookups = [1, 2, 3].map(() => resolver.lookup('www.example.net', { family: 4 }));
  await delay(100, sim.clock);
  expect(server.queries).toHaveLength(1);
  for (const each of lookups) {
    each.cancel();
    await expect(each).rejects.toMatchObject({ code: 'HAWSER_CANCELLED' });
  }
  await server.stop();
  await delay(100, sim.clock);
  sim.assertNoLeaks();
  expect(host.reports.problems).toEqual([]);
});

test('who gives up does not end it for the others', async () => {
  const script = zone('www.example.net 60 A 192.0.2.1');
  const { resolver, server, sim } = await world(
    async (query, how) => {
      await delay(500, sim.clock);
      return script(query, how) as Partial<MessageContent>;
    },
    { search: [] },
  );
  const [first, second] = [1, 2].map(() => resolver.lookup('www.example.net', { family: 4 }));
  await delay(100, sim.clock);
  first?.cancel();
  await expect(first).rejects.toMatchObject({ code: 'HAWSER_CANCELLED' });
  expect(await second).toEqual([{ host: '192.0.2.1', family: 4 }]);
  expect(server.queries).toHaveLength(1);
});

describe('other types', () => {
  test('MX by preference', async () => {
    const { resolver } = await world(
      zone('example.net 60 MX 20 b.example.net', 'example.net 60 MX 10 a.example.net'),
    );
    expect((await resolver.resolveMx('example.net')).map(({ exchange }) => exchange)).toEqual([
      'a.example.net',
      'b.example.net',
    ]);
  });

  test('SRV by priority, and by weight within one', async () => {
    const { resolver } = await world(
      zone(
        '_s._tcp.example.net 60 SRV 2 0 1 c.example.net',
        '_s._tcp.example.net 60 SRV 1 90 1 a.example.net',
        '_s._tcp.example.net 60 SRV 1 10 1 b.example.net',
      ),
    );
    const firsts = { a: 0, b: 0, c: 0 };
    for (let count = 0; count < 200; count++) {
      const list = await resolver.resolveSrv('_s._tcp.example.net');
      expect(list[2]?.target).toBe('c.example.net');
      firsts[list[0]?.target[0] as 'a'] += 1;
    }
    expect(firsts.a).toBeGreaterThan(firsts.b * 3);
    expect(firsts.b).toBeGreaterThan(0);
  });

  test('TXT joined', async () => {
    const { resolver } = await world(() => ({
      answer: [rr('example.net 60 TXT', ['v=spf1 ', '-all'])],
    }));
    expect(await resolver.resolveTxt('example.net')).toEqual(['v=spf1 -all']);
  });

  test('PTR of an address, of the hosts file first', async () => {
    const { resolver, asked } = await world(
      zone(
        '1.2.0.192.in-addr.arpa 60 PTR www.example.net',
        `1${'.0'.repeat(23)}.8.b.d.0.1.0.0.2.ip6.arpa 60 PTR six.example.net`,
      ),
    );
    expect(await resolver.resolvePtr('192.0.2.99')).toEqual(['printer', 'printer.lan']);
    expect(await resolver.resolvePtr('192.0.2.1')).toEqual(['www.example.net']);
    expect(await resolver.resolvePtr('2001:db8::1')).toEqual(['six.example.net']);
    expect(asked()).toHaveLength(2);
  });

  test('no such name is HAWSER_DNS_SERVER with NXDOMAIN; no data is an empty list', async () => {
    const { resolver } = await world(zone('example.net 60 A 192.0.2.1'));
    await expect(resolver.resolveMx('none.example.net')).rejects.toMatchObject({
      rcode: Rcode.NXDomain,
    });
    expect(await resolver.resolveMx('example.net')).toEqual([]);
  });
});

test('servers take turns where resolv.conf says rotate', async () => {
  const sim = createSimReactor({ seed: 3 });
  const hosts = sim.hosts('one', 'two');
  const servers = [];
  for (const each of hosts) servers.push(await FakeServer.start(each, zone()));
  const resolvConf = `${hosts.map(({ addresses }) => `nameserver ${addresses[0]}`).join('\n')}\noptions rotate`;
  const resolver = new DnsResolver({ reactor: sim.host('client'), resolvConf, hosts: '' });
  for (let count = 0; count < 4; count++)
    await expect(resolver.lookup(`n${count}.example.net`, { family: 4 })).rejects.toMatchObject({
      code: 'HAWSER_RESOLVE',
    });
  expect(servers.map(({ queries }) => queries.length)).toEqual([2, 2]);
});

test.each([
  { servers: [] },
  { search: ['a..b'] },
  { ndots: -1 },
  { maxEntries: Number.NaN },
  { maxTtl: Number.NaN },
  { maxNegativeTtl: -1 },
  { timeoutMs: 0 },
  { attempts: 0 },
])('%o is a mistake, found at once', (options) => {
  const reactor = createSimReactor().host('client');
  expect(() => new DnsResolver({ reactor, ...options })).toThrow(UsageError);
});

test('servers by name are a mistake, as it would ask itself', () => {
  const reactor = createSimReactor().host('client');
  expect(() => new DnsResolver({ reactor, servers: ['tls://dns.example.net'] })).toThrow(
    /IP address/,
  );
});

test('a connection by name goes through it', async () => {
  const sim = createSimReactor({ seed: 3 });
  const target = sim.host('target', { addresses: ['10.9.9.9'] });
  const serverHost = sim.host('server');
  await FakeServer.start(serverHost, zone('www.example.net 60 A 10.9.9.9'));
  const host = sim.host('client');
  Object.assign(host, {
    resolver: new DnsResolver({
      reactor: host,
      servers: [serverHost.addresses[0] ?? ''],
      resolvConf: '',
      hosts: '',
    }),
  });
  await target.tcp.listen({ port: 80 }, () => ({ dataReceived() {} }));
  const transport = await host.tcp.connect({ host: 'www.example.net', port: 80 }, () => ({
    dataReceived() {},
  }));
  expect(transport.peer).toMatchObject({ host: '10.9.9.9' });
  transport.abort();
});

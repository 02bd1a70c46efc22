import { createSimReactor, delay, type SimHost } from '@hawser/core';
import { describe, expect, test } from 'vitest';
import { DnsClient } from '../../src/client/dns-client.ts';
import { codeAnswer } from '../../src/contract/answer.ts';
import type { DnsQuery } from '../../src/contract/query.ts';
import { type ForwardOptions, forward } from '../../src/handlers/forward.ts';
import { Name } from '../../src/name.ts';
import { Rcode } from '../../src/numbers.ts';
import { dnsService } from '../../src/server.ts';
import { FakeServer, rr, type Script } from '../client/fake-server.ts';
import { asking, extendedErrors, lines } from './ask.ts';

const AD = 0x20;
const RD = 0x100;
const CD = 0x10;

async function world(script: Script, options: Partial<ForwardOptions> = {}, upstreams = 1) {
  const sim = createSimReactor({ seed: 4 });
  const host = sim.host('forwarder');
  const servers: FakeServer[] = [];
  const hosts: SimHost[] = [];
  for (let index = 0; index < upstreams; index++) {
    const upstream = sim.host(`upstream${index}`);
    hosts.push(upstream);
    servers.push(await FakeServer.start(upstream, script));
  }
  const where = hosts.map(({ addresses }) => addresses[0] ?? '');
  const handler = forward({ servers: where, ...options });
  const { ask, responder } = await asking(host, [handler]);
  return { sim, host, hosts, servers, ask, responder, where };
}

const www: Script = () => ({
  answer: [rr('www.example.net 60 CNAME web.example.net'), rr('web.example.net 30 A 192.0.2.1')],
  authority: [rr('example.net 60 NS ns.example.net')],
  additional: [rr('ns.example.net 60 A 192.0.2.53')],
  flags: 0x0480,
});

test('passes on the code and all sections, with RA and without AA', async () => {
  const { ask } = await world(www);
  const reply = await ask('www.example.net');
  expect(reply.rcode).toBe(Rcode.NoError);
  expect(reply.flags).toBe(0x8180);
  expect(lines(reply.answer)).toEqual([
    'www.example.net 60 CNAME web.example.net',
    'web.example.net 30 A 192.0.2.1',
  ]);
  expect(lines(reply.authority)).toEqual(['example.net 60 NS ns.example.net']);
  expect(lines(reply.additional)).toEqual(['ns.example.net 60 A 192.0.2.53']);
});

test('the name keeps the spelling of the client', async () => {
  const { ask } = await world((query) => ({
    answer: [rr(`${query.question?.name} 60 A 192.0.2.1`)],
  }));
  expect(lines((await ask('wWw.ExAmple.net')).answer)).toEqual(['wWw.ExAmple.net 60 A 192.0.2.1']);
});

test('NXDOMAIN and its SOA are passed on', async () => {
  const soa = rr('example.net 60 SOA', {
    mname: 'a',
    rname: 'b',
    serial: 1,
    refresh: 1,
    retry: 1,
    expire: 1,
    minimum: 1,
  });
  const { ask } = await world(() => ({ rcode: Rcode.NXDomain, authority: [soa] }));
  const reply = await ask('none.example.net');
  expect(reply.rcode).toBe(Rcode.NXDomain);
  expect(reply.authority).toHaveLength(1);
});

test('extended errors are passed on', async () => {
  const options = [{ code: 15, data: Buffer.from([0, 6, 0x6f]) }];
  const { ask } = await world(() => ({ rcode: Rcode.ServFail, edns: { udpSize: 1232, options } }));
  const reply = await ask('www.example.net');
  expect(reply.rcode).toBe(Rcode.ServFail);
  expect(extendedErrors(reply)).toEqual([6]);
});

describe('bits:', () => {
  test('DO and CD go to the server, and AD comes back to who asked for it', async () => {
    const { ask, servers } = await world(() => ({
      answer: [rr('a.example 60 A 192.0.2.1')],
      flags: 0x80 | AD,
    }));
    const reply = await ask('a.example', 1, {
      flags: RD | CD,
      edns: { udpSize: 1232, dnssecOk: true },
    });
    expect(reply.flags & AD).toBe(AD);
    expect(servers[0]?.queries[0]?.query.flags).toBe(RD | CD);
    expect(servers[0]?.queries[0]?.query.edns?.dnssecOk).toBe(true);
  });

  test('AD is asked for by AD', async () => {
    const { ask, servers } = await world(() => ({ flags: 0x80 | AD }));
    expect((await ask('a.example', 1, { flags: RD | AD })).flags & AD).toBe(AD);
    expect(servers[0]?.queries[0]?.query.flags).toBe(RD | AD);
  });

  test('AD does not come to who did not ask', async () => {
    const { ask } = await world(() => ({ flags: 0x80 | AD }));
    expect((await ask('a.example')).flags & AD).toBe(0);
  });

  test('without RD nothing is forwarded', async () => {
    const { ask, servers } = await world(www);
    expect((await ask('www.example.net', 1, { flags: 0 })).rcode).toBe(Rcode.Refused);
    expect(servers[0]?.queries).toHaveLength(0);
  });
});

test('only the zones it is for are forwarded', async () => {
  const { ask, servers } = await world(www, { zones: ['example.net', 'lan'] });
  expect((await ask('WWW.Example.NET')).rcode).toBe(Rcode.NoError);
  expect((await ask('example.net')).rcode).toBe(Rcode.NoError);
  expect((await ask('badexample.net')).rcode).toBe(Rcode.Refused);
  expect((await ask('net')).rcode).toBe(Rcode.Refused);
  expect(servers[0]?.queries).toHaveLength(2);
});

describe('failures:', () => {
  test('silence is SERVFAIL with the extended error 22', async () => {
    const { ask, sim } = await world(() => undefined);
    const began = sim.now();
    const reply = await ask('www.example.net');
    expect(reply.rcode).toBe(Rcode.ServFail);
    expect(extendedErrors(reply)).toEqual([22]);
    expect(reply.flags & 0x80).toBe(0x80);
    expect(sim.now() - began).toBeLessThanOrEqual(5_000);
  });

  test('a server that refuses connections is SERVFAIL with the extended error 23', async () => {
    const { ask, where } = await world(www);
    const sim = createSimReactor({ seed: 9 });
    sim.host('upstream', { addresses: [where[0] ?? ''] });
    const { ask: askOther } = await asking(sim.host('forwarder'), [
      forward({ servers: [`tcp://${where[0]}`] }),
    ]);
    const reply = await askOther('www.example.net');
    expect(reply.rcode).toBe(Rcode.ServFail);
    expect(extendedErrors(reply)).toEqual([23]);
    expect((await ask('www.example.net')).rcode).toBe(Rcode.NoError);
  });

  test('more than allowed at a time is SERVFAIL with the extended error 14', async () => {
    const { ask } = await world(() => undefined, { maxInFlight: 2 });
    const replies = await Promise.all(['a', 'b', 'c'].map((name) => ask(name)));
    expect(replies.map(extendedErrors)).toEqual([[22], [22], [14]]);
  });

  test('another server is asked when one fails', async () => {
    let count = 0;
    const { ask } = await world(
      () =>
        ++count === 1 ? { rcode: Rcode.ServFail } : { answer: [rr('a.example 60 A 192.0.2.1')] },
      {},
      2,
    );
    expect((await ask('a.example')).answer).toHaveLength(1);
  });

  test('a server that does not answer is rested, and tried again later', async () => {
    const { ask, servers, sim, hosts, host } = await world(www, { rotate: false }, 2);
    const partition = sim.partition(host, hosts[0] as SimHost);
    for (let count = 0; count < 2; count++) await ask('www.example.net');
    const began = sim.now();
    await ask('www.example.net');
    // Nobody waited for the one that is rested.
    expect(sim.now() - began).toBeLessThan(100);
    partition[Symbol.dispose]();
    await delay(30_000, sim.clock);
    const before = servers[0]?.queries.length ?? 0;
    await ask('www.example.net');
    expect(servers[0]?.queries.length).toBe(before + 1);
  });

  test('servers take turns', async () => {
    const { ask, servers } = await world(www, {}, 2);
    for (let count = 0; count < 4; count++) await ask('www.example.net');
    expect(servers.map(({ queries }) => queries.length)).toEqual([2, 2]);
  });
});

test('a query that went round ends with SERVFAIL', async () => {
  const sim = createSimReactor({ seed: 4 });
  const host = sim.host('loop');
  const own = host.addresses[0] ?? '';
  const { responder, ask } = await asking(host, [forward({ servers: [own] })]);
  let queries = 0;
  const port = await host.udp.bind(
    { port: 53 },
    {
      datagramReceived(data, from) {
        queries += 1;
        void Promise.resolve(responder.respond(data, { transport: 'udp', client: from })).then(
          (reply) => {
            if (Buffer.isBuffer(reply)) port.send(reply, from);
          },
        );
      },
    },
  );
  expect((await ask('www.example.net')).rcode).toBe(Rcode.ServFail);
  expect(queries).toBe(1);
});

test('a query that goes round by way of another forwarder ends as well', async () => {
  const sim = createSimReactor({ seed: 4 });
  const hosts = sim.hosts('one', 'other');
  const addresses = hosts.map((host) => host.addresses[0] ?? '');
  const services = hosts.map((_, index) => {
    const servers = [addresses[1 - index] ?? ''];
    return dnsService(`${addresses[index]}:53`, forward({ servers, maxInFlight: 10 }), {
      rateLimit: false,
    });
  });
  await Promise.all(services.map((service, index) => service.start(hosts[index] as SimHost)));
  const client = new DnsClient({ reactor: sim.host('client'), servers: addresses.slice(0, 1) });
  const asked = client.query('www.example.net', 'A', { attempts: 1, timeoutMs: 6_000 });
  await expect(asked).rejects.toMatchObject({ rcode: Rcode.ServFail });
  const counts = services.map(({ responder }) => responder.counters.snapshot().queries.udp);
  expect(Math.max(...counts)).toBeLessThan(50);
  await client.close();
  await Promise.all(services.map((service) => service.stop()));
});

test('signed queries are for somebody else', () => {
  const passedOn = codeAnswer(Rcode.NotAuth);
  const query = {
    recursionDesired: true,
    opcode: 0,
    type: 1,
    class: 1,
    name: Name.parse('www.example.net'),
    tsigKey: Name.parse('k'),
  } as DnsQuery;
  const forwarder = forward({ servers: ['192.0.2.1'] });
  expect(forwarder.handle(query, () => passedOn)).toBe(passedOn);
});

test('records of another class are left out', async () => {
  const own = rr('www.example.net 60 A 192.0.2.1');
  const { ask } = await world(() => ({
    answer: [own, { ...rr('www.example.net 60 TXT x'), class: 3 }],
  }));
  expect(lines((await ask('www.example.net')).answer)).toEqual(['www.example.net 60 A 192.0.2.1']);
});

test('options of clients are passed on only where that is wanted', async () => {
  const ecs = { code: 8, data: Buffer.from([0, 1, 24, 0, 192, 0, 2]) };
  const script: Script = (query) => ({
    edns: { udpSize: 1232, options: query.edns?.options.filter(({ code }) => code === 8) },
  });
  const more = { edns: { udpSize: 1232, options: [ecs] } };
  const plain = await world(script);
  expect((await plain.ask('a.example', 1, more)).edns?.options).toEqual([]);
  const passing = await world(script, { passOptions: [8] });
  expect((await passing.ask('a.example', 1, more)).edns?.options).toEqual([ecs]);
});

test('more options than are passed on are FORMERR, and nobody is asked', async () => {
  let asked = 0;
  const script: Script = () => {
    asked += 1;
    return { answer: [rr('a.example 60 A 192.0.2.1')] };
  };
  const { ask, host } = await world(script, { passOptions: [65_001] });
  const withOption = (bytes: number) => ({
    edns: { udpSize: 1232, options: [{ code: 65_001, data: Buffer.alloc(bytes) }] },
  });
  expect((await ask('a.example', 1, withOption(1020))).rcode).toBe(Rcode.NoError);
  expect((await ask('a.example', 1, withOption(1021))).rcode).toBe(Rcode.FormErr);
  expect((await ask('a.example', 1, withOption(3_900))).rcode).toBe(Rcode.FormErr);
  expect(asked).toBe(1);
  expect(host.reports.problems).toEqual([]);
});

test('stopping ends what is under way', async () => {
  const { ask, responder, sim, servers } = await world(() => undefined);
  const asked = ask('www.example.net');
  await delay(10, sim.clock);
  await responder.stop();
  expect((await asked).rcode).toBe(Rcode.ServFail);
  await servers[0]?.stop();
  await delay(100, sim.clock);
  sim.assertNoLeaks();
});

test('no servers are a mistake', () => {
  expect(() => forward({ servers: [] })).toThrow(/no servers/);
  expect(() => forward({ servers: ['not a server'] })).toThrow(/not a server/);
});

test.each([{ timeoutMs: 0 }, { attempts: -1 }, { deadlineMs: Number.NaN }, { maxInFlight: 0 }])(
  '%j is a mistake, before a server starts',
  (options) => {
    expect(() => forward({ servers: ['192.0.2.53'], ...options })).toThrow(
      expect.objectContaining({ code: 'HAWSER_DNS_OPTIONS' }),
    );
  },
);

test.each([10, 11, 12, 0, 65_535, 1.5])('the option %d cannot be passed on', (code) => {
  expect(() => forward({ servers: ['192.0.2.53'], passOptions: [8, code] })).toThrow(
    `Cannot pass on the EDNS option ${code}`,
  );
});

// What comes from the network may be anything.
import { createSimReactor, delay } from '@hawser/core';
import { SeededRandom, withoutLeaks } from '@hawser/core/testing';
import { describe, expect, test } from 'vitest';
import { newAttempt } from '../../src/client/attempt.ts';
import { DnsClientError } from '../../src/client/client-error.ts';
import { DnsClient } from '../../src/client/dns-client.ts';
import { toDnsServer } from '../../src/client/dns-server.ts';
import { DnsResolver } from '../../src/client/resolver/dns-resolver.ts';
import { HostsFile } from '../../src/client/resolver/hosts-file.ts';
import { parseResolvConf } from '../../src/client/resolver/resolv-conf.ts';
import { TransferReader } from '../../src/client/transfer-reader.ts';
import { parseMessage } from '../../src/message/parse-message.ts';
import { Name } from '../../src/name.ts';
import { tsigKey } from '../../src/tsig/key.ts';
import { FakeServer, reply, rr } from './fake-server.ts';

const key = tsigKey('k', 'hmac-sha256', 'c2VjcmV0LXNlY3JldC1zZWNyZXQ=');

function mutated(bytes: Buffer, random: SeededRandom): Buffer {
  const copy = Buffer.from(bytes);
  const count = (random.bytes(1)[0] ?? 0) % 6;
  for (let index = 0; index < count; index++) {
    const at = random.bytes(2).readUInt16BE() % copy.length;
    copy[at] = random.bytes(1)[0] ?? 0;
  }
  const cut = random.float() < 0.2 ? Math.floor(random.float() * copy.length) : copy.length;
  return copy.subarray(0, cut);
}

test('no reply makes the judge throw, and none is believed that does not match', () => {
  const random = new SeededRandom(1);
  for (const style of [undefined, key]) {
    const attempt = newAttempt(
      { name: 'www.example.net', type: 'A' },
      {
        id: 0x1234,
        where: 'x',
        edns: { udpSize: 1232 },
        key: style,
        nowSeconds: () => 0,
        datagram: true,
      },
    );
    const query = parseMessage(attempt.bytes);
    if ('error' in query) throw new Error(query.error);
    const whole = reply(query, {
      answer: [
        rr('www.example.net 60 CNAME web.example.net'),
        rr('web.example.net 60 A 192.0.2.1'),
      ],
    });
    for (let count = 0; count < 4_000; count++) {
      const verdict = attempt.judge(mutated(whole, random));
      if ('kind' in verdict) continue;
      expect(style).toBeUndefined();
      expect(verdict.id).toBe(0x1234);
      expect(verdict.question?.name.key).toBe(Name.parse('www.example.net').key);
    }
  }
});

test('any records in any order leave the reader of transfers in some state', () => {
  const random = new SeededRandom(2);
  const soa = (serial: number) =>
    rr('example.net 60 SOA', {
      mname: 'a',
      rname: 'b',
      serial,
      refresh: 1,
      retry: 1,
      expire: 1,
      minimum: 1,
    });
  const pool = [
    soa(1),
    soa(2),
    soa(3),
    rr('a.example.net 60 A 192.0.2.1'),
    rr('a.example.org 60 A 192.0.2.1'),
  ];
  const seen = new Set<string>();
  for (let round = 0; round < 5_000; round++) {
    const serial = round % 2 === 0 ? undefined : 1;
    const reader = new TransferReader({ zone: Name.parse('example.net'), serial });
    for (let count = 0; count < 6 && !reader.done; count++) {
      const records = Array.from(
        { length: (random.bytes(1)[0] ?? 0) % 4 },
        () => pool[(random.bytes(1)[0] ?? 0) % pool.length] ?? soa(1),
      );
      const taken = reader.take(records);
      if (typeof taken === 'string') break;
    }
    seen.add(`${reader.done ? 'done' : 'open'} ${reader.style}`);
  }
  expect([...seen].sort()).toEqual(
    expect.arrayContaining(['done changes', 'done current', 'done zone', 'open undefined']),
  );
});

test('any text is some resolv.conf and some hosts file', () => {
  const random = new SeededRandom(3);
  const words = [
    'nameserver',
    'search',
    'options',
    'ndots:',
    'ndots:9',
    '1.2.3.4',
    '::1',
    '#',
    ';',
    '\n',
    '\t',
    'timeout:x',
    '%',
    '\0',
  ];
  for (let round = 0; round < 500; round++) {
    const text = Array.from(
      { length: 20 },
      () => words[(random.bytes(1)[0] ?? 0) % words.length],
    ).join(' ');
    expect(parseResolvConf(text).servers.length).toBeGreaterThan(0);
    expect(new HostsFile(text).addressesOf('search')).toBeInstanceOf(Array);
  }
});

describe('a server is given as', () => {
  test.each([
    ['192.0.2.1', 'udp', '192.0.2.1', 53],
    ['192.0.2.1:5353', 'udp', '192.0.2.1', 5353],
    ['2001:DB8::1', 'udp', '2001:db8::1', 53],
    ['[2001:db8:0::1]:5353', 'udp', '2001:db8::1', 5353],
    ['fe80::1%eth0', 'udp', 'fe80::1%eth0', 53],
    ['tcp://192.0.2.1', 'tcp', '192.0.2.1', 53],
    ['tls://192.0.2.1', 'tls', '192.0.2.1', 853],
    ['tls://dns.example.net:8853', 'tls', 'dns.example.net', 8853],
    ['https://dns.example.net/dns-query', 'https', 'dns.example.net', 443],
    ['cafe:53', 'udp', 'cafe', 53],
  ])('%s', (text, transport, host, port) => {
    expect(toDnsServer(text)).toMatchObject({ transport, host, port });
  });

  test('tls://192.0.2.1#dns.example.net, with the name of its certificate', () => {
    expect(toDnsServer('tls://192.0.2.1#dns.example.net')).toMatchObject({
      serverName: 'dns.example.net',
      tls: { serverName: 'dns.example.net', alpn: ['dot'] },
    });
  });

  test.each([
    '',
    '192.0.2.1:0',
    '192.0.2.1:65536',
    'quic://192.0.2.1',
    'udp://192.0.2.1/path',
    'a b',
    '[192.0.2.1',
  ])('but not as "%s"', (text) => {
    expect(() => toDnsServer(text)).toThrow(/^Cannot ask/);
  });
});

describe('cancelled at whatever it waits for, a query leaves nothing behind:', () => {
  test.each(['udp', 'tcp', 'fallback'])('%s', async (way) => {
    for (let wait = 0; wait < 30; wait++) {
      await withoutLeaks(
        async (sim) => {
          const [serverHost, host] = sim.hosts('server', 'client');
          const server = await FakeServer.start(serverHost, (_, { transport }) =>
            way === 'fallback' && transport === 'udp'
              ? { flags: 0x200 }
              : { answer: [rr('a.example 60 A 192.0.2.1')] },
          );
          const client = new DnsClient({ reactor: host });
          const where = `${way === 'tcp' ? 'tcp://' : ''}${serverHost.addresses[0]}`;
          const query = client.query('a.example', 'A', { servers: [where] });
          await delay(wait / 3, sim.clock);
          query.cancel();
          await query.addErrback(() => undefined);
          expect(query.peek().state).not.toBe('pending');
          await client.close();
          await server.stop();
          await delay(1_000, sim.clock);
        },
        { seed: 1 },
      );
    }
  });
});

test('runs on a simulated network that is driven step by step', () => {
  const sim = createSimReactor({ seed: 1, drive: 'manual' });
  const [serverHost, host] = sim.hosts('server', 'client');
  const port = sim.sync.until(
    serverHost.udp.bind(
      { port: 53 },
      {
        datagramReceived(data, from) {
          const query = parseMessage(data);
          if (!('error' in query))
            port.send(reply(query, { answer: [rr('a.example 60 A 192.0.2.1')] }), from);
        },
      },
    ),
  );
  const resolver = new DnsResolver({
    reactor: host,
    servers: [serverHost.addresses[0] ?? ''],
    resolvConf: '',
    hosts: '',
  });
  const before = sim.now();
  expect(sim.sync.until(resolver.lookup('a.example', { family: 4 }))).toEqual([
    { host: '192.0.2.1', family: 4 },
  ]);
  expect(sim.now() - before).toBe(2);
});

test('on a bad network every query ends, with an answer or an error of its own', async () => {
  for (let seed = 1; seed <= 4; seed++) {
    const sim = createSimReactor({ seed });
    const [serverHost, host] = sim.hosts('server', 'client');
    sim.link(serverHost, host, { latencyMs: [1, 400], loss: 0.2, duplicate: 0.1 });
    await FakeServer.start(serverHost, (query) => ({
      answer: [rr(`${query.question?.name} 60 A 192.0.2.1`)],
    }));
    const client = new DnsClient({ reactor: host, servers: [serverHost.addresses[0] ?? ''] });
    const queries = Array.from({ length: 50 }, (_, index) =>
      client.query(`n${index}.example`, 'A'),
    );
    const results = await Promise.allSettled(queries);
    const ends = results.map((result, index) =>
      result.status === 'fulfilled'
        ? result.value.answer[0]?.name.toString() === `n${index}.example`
        : result.reason instanceof DnsClientError,
    );
    expect(ends.every(Boolean)).toBe(true);
    expect(results.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThan(40);
    expect(host.reports.problems).toEqual([]);
  }
});

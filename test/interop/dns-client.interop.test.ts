// Our client, resolver, forwarder and cache against BIND and Unbound, over every transport they share.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNodeReactor, type Reactor } from '@hawser/core';
import { createTestAuthority } from '@hawser/core/testing';
import {
  cache,
  type DnsMessage,
  type DnsServerLike,
  dnsClient,
  dnsResolver,
  dnsService,
  forward,
  nameMissing,
  Rcode,
  rdataToText,
  tsigKey,
  update,
  type ZoneTransfer,
} from '@hawser/dns';
import { dohExchange } from '@hawser/dns/http';
import { httpClient } from '@hawser/http';
import { expect } from 'vitest';
import { freePort } from './dns-peers.ts';
import { interop } from './peer.ts';
import { run, start } from './started.ts';

const SECRET = 'c2VjcmV0LXNlY3JldC1zZWNyZXQ=';
const key = tsigKey('client-key', 'hmac-sha256', SECRET);
const HOSTS = 2000;
const TEXTS = 60;

interface Ports {
  readonly plain: number;
  readonly tls: number;
  readonly https: number;
}

const bind = (folder: string, { plain, tls, https }: Ports): string => `
  tls own { cert-file "${folder}/cert.pem"; key-file "${folder}/key.pem"; };
  http own { endpoints { "/dns-query"; }; };
  key "client-key" { algorithm hmac-sha256; secret "${SECRET}"; };
  options {
    directory "${folder}"; pid-file none; session-keyfile "${folder}/session.key"; listen-on-v6 { none; };
    listen-on port ${plain} { 127.0.0.1; };
    listen-on port ${tls} tls own { 127.0.0.1; };
    listen-on port ${https} tls own http own { 127.0.0.1; };
    recursion no; dnssec-validation no; notify no; empty-zones-enable no; require-server-cookie yes;
    allow-transfer { key "client-key"; };
  };
  controls { };
  zone "example.net" { type primary; file "example.net.zone"; allow-update { key "client-key"; }; };
`;

const zoneText = `
$TTL 60
@ SOA ns admin 1 3600 600 86400 60
@ NS ns
ns A 127.0.0.1
www A 192.0.2.1
www AAAA 2001:db8::1
alias CNAME www
$GENERATE 1-${HOSTS} host$ A 192.0.2.5
$GENERATE 1-${TEXTS} many TXT "text-$-${'x'.repeat(40)}"
`;

const unbound = (folder: string, { plain, tls, https }: Ports, upstream: number): string => `
server:
  interface: 127.0.0.1@${plain}
  interface: 127.0.0.1@${tls}
  interface: 127.0.0.1@${https}
  tls-port: ${tls}
  https-port: ${https}
  tls-service-key: "${folder}/key.pem"
  tls-service-pem: "${folder}/cert.pem"
  directory: "${folder}"
  chroot: ""
  username: ""
  pidfile: "${folder}/unbound.pid"
  do-not-query-localhost: no
  use-syslog: no
  do-daemonize: no
  module-config: "iterator"
forward-zone:
  name: "."
  forward-addr: 127.0.0.1@${upstream}
`;

interface Server {
  readonly udp: string;
  readonly tcp: string;
  readonly tls: DnsServerLike;
  readonly https: string;
  readonly port: number;
}

interface World extends AsyncDisposable {
  readonly reactor: Reactor;
  readonly ca: string;
  readonly named: Server;
  readonly unbound: Server;
}

async function startServers(): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'hawser-dns-client-'));
  const authority = createTestAuthority();
  const { cert, key: privateKey } = authority.server('dns.example.net');
  const { ca } = authority;
  writeFileSync(join(folder, 'cert.pem'), cert);
  writeFileSync(join(folder, 'key.pem'), privateKey);
  writeFileSync(join(folder, 'example.net.zone'), zoneText);
  const ports = async (): Promise<Ports> => ({
    plain: await freePort(),
    tls: await freePort(),
    https: await freePort(),
  });
  const [ours, theirs] = [await ports(), await ports()];
  writeFileSync(join(folder, 'named.conf'), bind(folder, ours));
  writeFileSync(join(folder, 'unbound.conf'), unbound(folder, theirs, ours.plain));
  const programs = [
    start('named', ['-g', '-n', '1', '-c', join(folder, 'named.conf')]),
    start('unbound', ['-d', '-c', join(folder, 'unbound.conf')]),
  ];
  const server = ({ plain, tls, https }: Ports): Server => ({
    udp: `127.0.0.1:${plain}`,
    tcp: `tcp://127.0.0.1:${plain}`,
    tls: {
      host: '127.0.0.1',
      port: tls,
      transport: 'tls',
      serverName: 'dns.example.net',
      tls: { ca },
    },
    https: `https://127.0.0.1:${https}/dns-query#dns.example.net`,
    port: plain,
  });
  const world = { reactor: createNodeReactor(), ca, named: server(ours), unbound: server(theirs) };
  const dispose = async (): Promise<void> => {
    await Promise.all(programs.map((each) => each[Symbol.asyncDispose]()));
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await using client = dnsClient({ reactor: world.reactor, timeoutMs: 300, attempts: 1 });
    for (const { udp } of [world.named, world.unbound]) {
      const ready = () =>
        client.query('www.example.net', 'A', { servers: [udp] }).addBoth(({ state }) => state);
      // oxlint-disable-next-line no-await-in-loop -- Unbound needs BIND
      await expect.poll(ready).toBe('fulfilled');
    }
  } catch (error) {
    await dispose();
    const said = programs.map(({ stdout, stderr }) => stdout + stderr).join('\n');
    throw new Error(`Cannot start the servers: ${said}`, { cause: error });
  }
  return { ...world, [Symbol.asyncDispose]: dispose };
}

function texts({ answer }: DnsMessage): string[] {
  return answer.map(({ type, rdata }) => (rdata ? rdataToText(type, rdata) : ''));
}

async function count(transfer: ZoneTransfer): Promise<number> {
  let records = 0;
  for await (const each of transfer) records += each.length;
  return records;
}

interop(
  'the client asks BIND and Unbound over UDP, TCP, TLS and HTTPS',
  ['named', 'unbound'],
  async () => {
    await using world = await startServers();
    const { reactor, ca } = world;
    await using http = httpClient(reactor, { tls: { ca }, protocols: ['h2', 'http/1.1'] });
    for (const server of [world.named, world.unbound]) {
      for (const method of ['GET', 'POST'] as const) {
        await using client = dnsClient({ reactor, https: dohExchange(http, { method }) });
        for (const where of [server.udp, server.tcp, server.tls, server.https]) {
          const servers = [where];
          expect(texts(await client.query('alias.example.net', 'A', { servers }))).toEqual([
            'www.example.net.',
            '192.0.2.1',
          ]);
          expect((await client.query('none.example.net', 'A', { servers })).rcode).toBe(
            Rcode.NXDomain,
          );
          // More than fits into a datagram.
          expect((await client.query('many.example.net', 'TXT', { servers })).answer).toHaveLength(
            TEXTS,
          );
          const names = Array.from({ length: 100 }, (_, index) => `host${index + 1}.example.net`);
          const all = await Promise.all(names.map((name) => client.query(name, 'A', { servers })));
          expect(all.map(({ answer }) => answer[0]?.name.toString())).toEqual(names);
        }
        expect(client.counters.mismatches).toBe(0);
      }
      await using client = dnsClient({ reactor, attempts: 1 });
      const strangers = [
        { ...(server.tls as object), host: '127.0.0.1', serverName: 'other.example.net' },
      ];
      await expect(
        client.query('www.example.net', 'A', { servers: strangers }),
      ).rejects.toMatchObject({
        code: 'HAWSER_DNS_NETWORK',
      });
    }
  },
);

interop(
  'the client changes and transfers a zone of BIND, with TSIG',
  ['named', 'unbound'],
  async () => {
    await using world = await startServers();
    const { reactor, named } = world;
    await using client = dnsClient({ reactor, servers: [named.udp] });
    const whole = HOSTS + TEXTS + 7;
    expect(await count(client.transfer('example.net', named.udp, { key }))).toBe(whole);
    const overTls = client.transfer('example.net', named.tls, { key });
    expect(await count(overTls)).toBe(whole);
    expect([overTls.style, overTls.serial]).toEqual(['zone', 1]);
    await expect(count(client.transfer('example.net', named.udp))).rejects.toMatchObject({
      code: 'HAWSER_DNS_SERVER',
      rcode: Rcode.Refused,
    });

    const adding = () =>
      update('example.net', { client, server: named.udp, key })
        .require(nameMissing('printer'))
        .add('printer', 'A', ['192.0.2.77', '192.0.2.78'])
        .delete('host1')
        .send();
    await adding();
    await expect(adding()).rejects.toMatchObject({ rcode: Rcode.YXDomain });
    expect(texts(await client.query('printer.example.net', 'A')).toSorted()).toEqual([
      '192.0.2.77',
      '192.0.2.78',
    ]);
    await expect(
      update('example.net', { client, server: named.udp }).delete('printer').send(),
    ).rejects.toMatchObject({ rcode: Rcode.Refused });

    const changes = client.transfer('example.net', named.udp, { key, serial: 1 });
    expect(await count(changes)).toBe(7);
    expect([changes.style, changes.serial]).toEqual(['changes', 2]);
    const none = client.transfer('example.net', named.udp, { key, serial: 2 });
    expect(await count(none)).toBe(1);
    expect(none.style).toBe('current');

    const stranger = tsigKey('stranger', 'hmac-sha256', SECRET);
    await expect(
      client.exchange({ name: 'example.net', type: 'SOA' }, named.udp, { key: stranger }),
    ).rejects.toMatchObject({ code: 'HAWSER_DNS_TSIG', rcode: Rcode.NotAuth });
  },
);

interop(
  'a forwarder with a cache answers dig from Unbound',
  ['named', 'unbound', 'dig'],
  async () => {
    await using world = await startServers();
    const { reactor } = world;
    const remembered = cache({ serveStale: true });
    const servers = [world.unbound.tls, world.unbound.udp];
    const service = dnsService('127.0.0.1:0', [remembered, forward({ servers })]);
    await service.start(reactor);
    try {
      const dig = async (...question: string[]): Promise<string> => {
        const where = ['@127.0.0.1', '-p', String(service.address?.port), '+tries=1', '+time=15'];
        return (await run('dig', [...where, ...question])).stdout;
      };
      const first = await dig('aLias.example.net', 'A');
      expect(first).toMatch(/status: NOERROR/);
      expect(first).toMatch(/flags: qr rd ra;/);
      expect(first).toMatch(/aLias\.example\.net\.\s+60\s+IN\s+CNAME\s+www\.example\.net\./);
      expect(await dig('alias.example.net', 'A')).toMatch(/IN\s+A\s+192\.0\.2\.1/);
      expect(remembered.counters).toMatchObject({ hits: 1, misses: 1 });
      expect(await dig('none.example.net', 'A')).toMatch(/status: NXDOMAIN[^]*IN\s+SOA/);
      expect(await dig('many.example.net', 'TXT', '+short')).toMatch(/^(?:"text-\d+-x+"\n){60}$/);
      expect(await dig('www.example.net', 'A', '+norecurse')).toMatch(/status: REFUSED/);
    } finally {
      await service.stop();
    }
  },
);

interop('the resolver finds addresses at Unbound', ['named', 'unbound'], async () => {
  await using world = await startServers();
  await using resolver = dnsResolver({
    reactor: world.reactor,
    servers: [world.unbound.udp],
    search: ['example.net'],
    hosts: '',
  });
  const addresses = await resolver.lookup('alias');
  expect(addresses.map(({ host }) => host)).toEqual(['192.0.2.1', '2001:db8::1']);
  await expect(resolver.lookup('none')).rejects.toMatchObject({ code: 'HAWSER_RESOLVE' });
});

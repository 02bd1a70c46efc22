import { createSimReactor, type Reactor, serve, stack, tls } from '@hawser/core';
import { createTestReactor, FakeTls } from '@hawser/core/testing';
import {
  AbuseGuard,
  acmeDns,
  answerWith,
  buildMessage,
  buildQuery,
  cache,
  codeAnswer,
  createRRset,
  type DnsClient,
  DnsClientError,
  type DnsHandler,
  type DnsMessage,
  type DynamicZone,
  dnsClient,
  dnsResolver,
  dnsService,
  dynamic,
  dynamicZone,
  dyndns2,
  fixedZone,
  formatMetrics,
  formatZone,
  forward,
  fromDnsPacket,
  hashToken,
  hosts,
  type LookupSource,
  log,
  lookupZone,
  memory,
  Name,
  nameMissing,
  nest,
  notifier,
  parseMessage,
  parseTsigKey,
  parseType,
  parseZone,
  pass,
  propagated,
  Rcode,
  Responder,
  rdataToText,
  recordApi,
  refuse,
  StoreError,
  secondaryZone,
  silence,
  split,
  Type,
  toDnsPacket,
  toRRsets,
  transfers,
  type UpdatePolicy,
  update,
  updates,
  when,
  Zone,
} from '@hawser/dns';
import { doh, dohExchange } from '@hawser/dns/http';
import { type HttpHandler, http, httpClient, router } from '@hawser/http';
import { testClient } from '@hawser/http/testing';
import { describe, expect, test, vi } from 'vitest';

// The tests of docs/dns.md.

const secret = Buffer.alloc(32, 'dns').toString('base64');
const rows = [{ name: 'home.example.net', ip: '192.0.2.7' }];

/** What is answered, on no network at all. */
async function ask(
  served: ConstructorParameters<typeof Responder>[0],
  name: string,
  type = 'A',
  { client = '198.51.100.7', reactor = createTestReactor() as Reactor, recurse = true } = {},
): Promise<DnsMessage> {
  const responder = new Responder(served, { rateLimit: false });
  await responder.start(reactor);
  const flags = recurse ? undefined : 0;
  const query = buildQuery({ id: 7, name, type: parseType(type), flags, edns: { udpSize: 1232 } });
  const family = client.includes(':') ? 6 : 4;
  const reply = await responder.respond(query, {
    transport: 'udp',
    client: { kind: 'udp', host: client, port: 53_000, family },
  });
  await responder.stop();
  if (!Buffer.isBuffer(reply)) throw new Error('there was no reply');
  return readable(reply);
}

function readable(reply: Buffer): DnsMessage {
  const message = parseMessage(reply);
  if ('error' in message) throw new Error(message.error);
  return message;
}

function texts({ answer }: DnsMessage): string[] {
  return answer.map(({ type, rdata }) => (rdata ? rdataToText(type, rdata) : ''));
}

/** Hosts on a simulated network. */
function world(): { server: Reactor; other: Reactor; client: Reactor } {
  const sim = createSimReactor({ seed: 5 });
  const at = (host: string): Reactor =>
    sim.host(host, {
      addresses: [host],
      tls: new FakeTls({ certificateNames: ['ns1.example.net'] }),
    });
  return { server: at('10.0.0.1'), other: at('10.0.0.2'), client: at('10.0.0.3') };
}

describe('handlers', () => {
  test('a function says what each name holds', async () => {
    const zone = dynamic('example.net', {
      ns: ['ns1.example.net'],
      async resolve({ label, type, client, tsigKey, signal }) {
        if (label === '@') return { MX: '10 mail.example.net', TXT: 'v=spf1 mx -all' };
        if (label === 'whoami') return { TXT: 'host' in client ? client.host : client.kind };
        if (type === 'ANY' && tsigKey === undefined) return codeAnswer(Rcode.Refused);
        if (label.endsWith('.old')) return pass;
        const row = await find(`${label}.example.net`, signal);
        return row && { A: row.ip, ttl: 30 };
      },
    });
    expect(texts(await ask(zone, 'home.example.net'))).toEqual(['192.0.2.7']);
    expect(texts(await ask(zone, 'whoami.example.net', 'TXT'))).toEqual(['"198.51.100.7"']);
    expect((await ask(zone, 'nobody.example.net')).rcode).toBe(Rcode.NXDomain);
    expect((await ask(zone, 'home.example.net', 'ANY')).rcode).toBe(Rcode.Refused);
  });

  test('are put in order, first = outermost', async () => {
    const reactor = createTestReactor();
    const lines: string[] = [];
    const zone = fixedZone('example.net', {
      ns: ['ns1.example.net'],
      records: { '@': { A: '192.0.2.1' }, ns1: { A: '192.0.2.1' }, '*.dev': { A: '192.0.2.7' } },
    });
    const handlers = [
      log((entry) => lines.push(String(entry))),
      hosts({ 'router.lan': ['192.168.1.1', 'fd00::1'] }),
      zone,
      when((query) => query.recursionDesired, nest(cache(), forward({ servers: ['192.0.2.53'] }))),
      refuse('not a resolver'),
    ];
    const service = dnsService('127.0.0.1:53', handlers);
    expect(service.responder.origins).toBe('example.net');
    const options = { reactor, recurse: false };
    const noForward = handlers.filter((_, index) => index !== 3);
    expect(texts(await ask(noForward, 'a.dev.example.net', 'A', options))).toEqual(['192.0.2.7']);
    expect(texts(await ask(noForward, 'router.lan', 'AAAA', options))).toEqual(['fd00::1']);
    expect((await ask(noForward, 'example.org', 'A', options)).rcode).toBe(Rcode.Refused);
    expect(lines).toHaveLength(3);
  });

  test('are functions', async () => {
    const zone = fixedZone('example.net', {
      records: { home: { A: '192.0.2.7', AAAA: 'fd00::7' } },
    });

    /** Keeps IPv6 addresses to ourselves. */
    const onlyIpv4: DnsHandler = async (query, next) => {
      const outcome = await next(query);
      if (outcome.kind !== 'answer' || query.type !== Type.AAAA) return outcome;
      return answerWith(Rcode.NoError, { authoritative: outcome.authoritative });
    };
    /** Some deserve no reply. */
    const ignore: DnsHandler = (query, next) => (query.type === Type.NULL ? silence : next(query));

    expect((await ask([ignore, onlyIpv4, zone], 'home.example.net', 'AAAA')).answer).toEqual([]);
    expect(texts(await ask([onlyIpv4, zone], 'home.example.net'))).toEqual(['192.0.2.7']);
    await expect(ask([ignore, zone], 'home.example.net', 'NULL')).rejects.toThrow('no reply');
  });

  test('are chosen by who asks', async () => {
    const internal = fixedZone('example.net', { records: { www: { A: '10.0.0.80' } } });
    const external = fixedZone('example.net', { records: { www: { A: '192.0.2.80' } } });
    const handlers = [split([{ clients: ['10.0.0.0/8', 'fd00::/8'], serve: internal }]), external];
    expect(texts(await ask(handlers, 'www.example.net', 'A', { client: '10.1.2.3' }))).toEqual([
      '10.0.0.80',
    ]);
    expect(texts(await ask(handlers, 'www.example.net'))).toEqual(['192.0.2.80']);
  });
});

describe('zones', () => {
  test('change while they are served', async () => {
    const store = memory();
    const heard: number[] = [];
    const zone = await dynamicZone('example.net', {
      store,
      ns: ['ns1.example.net'],
      records: { ns1: { A: '192.0.2.53', ttl: 3600 } },
    });
    zone.on('changed', ({ serial }) => heard.push(serial));
    await zone.set('home', 'A', ['192.0.2.7', '192.0.2.8'], { ttl: 60 });
    await zone.change([
      { name: '@', type: 'MX', values: { preference: 10, exchange: 'mail.example.net' } },
      { name: 'mail', type: 'AAAA', values: '2001:db8::25' },
      { name: 'home', type: 'A' },
      { name: 'visitor', type: 'A', values: '192.0.2.9', leaseSeconds: 3600 },
    ]);
    expect(zone.get('mail')).toEqual({ ttl: 60, AAAA: ['2001:db8::25'] });
    expect(zone.get('home')).toBeUndefined();
    expect(zone.get('ns1')).toEqual({ ttl: 3600, A: ['192.0.2.53'] });
    expect(zone.serial).toBe(3);
    expect(heard).toEqual([2, 3]);
    expect(zone.leases()).toHaveLength(1);
  });

  test('go on after a restore with a serial that nobody has seen', async () => {
    const restored = memory();
    const seen = (await dynamicZone('example.net', { store: restored })).serial;
    const zone = await dynamicZone('example.net', { store: restored });
    await zone.raiseSerial(seen + 1000);
    expect(zone.serial).toBe(1001);
  });

  test('come from text, and become text', async () => {
    const text = `
$TTL 1h
@    SOA ns1 hostmaster 2026010100 2h 15m 2w 1m
@    NS  ns1
ns1  A   192.0.2.53
www  A   192.0.2.300 ; no such address
`;
    const { errors } = parseZone(text, { origin: 'example.net', file: 'example.net.zone' });
    expect(errors.map(({ file, line }) => `${file}:${line}`)).toEqual(['example.net.zone:6']);

    const good = parseZone(text.replace('300', '80'), { origin: 'example.net' });
    const zone = await dynamicZone('example.net', { initial: Zone.of(good.origin, good.rrsets) });
    expect(formatZone(zone.snapshot)).toContain('192.0.2.80');
  });

  test('are looked up where they are too large for memory', async () => {
    const source: LookupSource = {
      // One call for a question: the name, those above it, and the wildcards there may be.
      async find(names) {
        const wanted = new Set(names.map((name) => name.toString()));
        return rows
          .filter(({ name }) => wanted.has(name))
          .map(({ name, ip }) => createRRset(Name.parse(name), Type.A, { ttl: 60, values: ip }));
      },
      // Whether a name that holds nothing exists all the same, as there are others below it.
      async below(name) {
        return rows.some((row) => row.name.endsWith(`.${name}`));
      },
    };
    const zone = lookupZone('example.net', source, { ns: ['ns1.example.net'], timeoutMs: 500 });
    expect(texts(await ask(zone, 'home.example.net'))).toEqual(['192.0.2.7']);
    expect((await ask(zone, 'nobody.example.net')).rcode).toBe(Rcode.NXDomain);
  });
});

describe('changes', () => {
  test('by UPDATE are allowed by name and type', async () => {
    const { server, client } = world();
    const zone = await dynamicZone('example.net', { reactor: server });
    const policy: UpdatePolicy = [
      { key: 'admin', names: '*' },
      { key: 'dhcp', names: '*.lan.example.net', types: ['A', 'AAAA', 'TXT'], ttl: { max: 600 } },
      // A key with the name of a host is good for the texts of its certificates.
      { key: '*', names: '_acme-challenge.self', types: ['TXT'], maxRecords: 4 },
      { action: 'deny', names: 'www.example.net', key: '*' },
      // And code, for what rules cannot say: only additions right below the origin.
      ({ operation, name }) => operation === 'add' || name.labels().length > 3,
    ];
    const keys = [
      parseTsigKey(`hmac-sha256:dhcp:${secret}`),
      parseTsigKey(`hmac-sha256:www.example.net:${secret}`),
    ];
    const service = dnsService('10.0.0.1:53', [updates(zone, { policy }), zone], { keys });
    await service.start(server);

    const dns = dnsClient({ reactor: client, servers: ['10.0.0.1'] });
    const [dhcp] = keys;
    await update('example.net', { client: dns, server: '10.0.0.1', key: dhcp, ttl: 300 })
      .require(nameMissing('printer.lan'))
      .add('printer.lan', 'A', '192.0.2.20')
      .send();
    expect(zone.get('printer.lan', 'A')).toEqual(['192.0.2.20']);

    const wrong = update('example.net', { client: dns, server: '10.0.0.1', key: dhcp });
    const refused = wrong.add('www', 'A', '192.0.2.66').send();
    await expect(refused).rejects.toMatchObject({
      code: 'HAWSER_DNS_SERVER',
      rcode: Rcode.Refused,
    });
    await dns.close();
    await service.stop();
  });

  test('by HTTP are for routers, ACME clients and programs', async () => {
    const store = memory();
    const zone = await dynamicZone('example.net', { store });
    const token = 'of-the-router';
    const apiToken = 'of-ci';

    const guard = new AbuseGuard({
      bucket: store.bucket('abuse'),
      onAbuse: ({ kind, host }) => report(`${host} is ${kind}`),
    });
    const app = router()
      .all(
        '/nic/update',
        dyndns2(zone, {
          accounts: [{ user: 'router', token: hashToken(token), hosts: ['home.example.net'] }],
          abuse: guard,
        }),
      )
      .mount(
        '/acme',
        acmeDns(zone, { bucket: store.bucket('acme-dns'), domain: 'acme.example.net' }),
      )
      .mount(
        '/api',
        recordApi(zone, {
          tokens: [{ name: 'ci', token: hashToken(apiToken), names: ['*.lab.example.net'] }],
        }),
      );

    await using client = testClient(app);
    const good = await client.get('/nic/update?hostname=home.example.net&myip=192.0.2.7', {
      auth: ['router', token],
      headers: { 'user-agent': 'router/1.0' },
    });
    expect(await good.text()).toBe('good 192.0.2.7\n');
    const headers = { authorization: `Bearer ${apiToken}` };
    const made = await client.put('/api/zones/example.net/records/a.lab/A', {
      headers,
      json: { ttl: 60, values: ['192.0.2.8'] },
    });
    expect(made.status).toBe(201);
    const registered = await client.post('/acme/register');
    expect(registered.status).toBe(201);
    expect(zone.get('a.lab', 'A')).toEqual(['192.0.2.8']);
  });
});

describe('copies', () => {
  test('are kept new by NOTIFY and IXFR, and can be waited for', async () => {
    const { server, other } = world();
    const key = parseTsigKey(`hmac-sha256:copy.example.net:${secret}`);
    const zone = await dynamicZone('example.net', { reactor: server });
    const primary = dnsService(
      '10.0.0.1:53',
      [
        transfers(zone, { allow: [{ key }, { from: '10.0.0.9', tls: true }] }),
        notifier(zone, { also: ['10.0.0.2'] }),
        zone,
      ],
      { keys: [key] },
    );
    await primary.start(server);

    const copy = secondaryZone('example.net', {
      primaries: [{ server: '10.0.0.1', key }],
      store: memory(),
    });
    const secondary = dnsService('10.0.0.2:53', copy, { keys: [key] });
    await secondary.start(other);

    await zone.set('home', 'A', '192.0.2.7');
    await propagated(zone, { reactor: server, servers: ['10.0.0.2'], timeoutMs: 30_000 });
    expect(copy.snapshot?.serial).toBe(zone.serial);
    await secondary.stop();
    await primary.stop();
  });
});

describe('transports', () => {
  test('share a responder', async () => {
    const { server, client } = world();
    const zone = fixedZone('example.net', { records: { home: { A: '192.0.2.7' } } });
    const certificate = { cert: 'x', key: 'x' };

    const dns = dnsService(['10.0.0.1:53'], zone, { tls: { ...certificate, port: 853 } });
    const app = router().all('/dns-query', doh(dns.responder));
    const secure = stack(tls({ ...certificate, alpn: ['http/1.1'] }));
    const web = serve('tcp://10.0.0.1:443', secure(http(app)));
    await dns.start(server);
    await web.start(server);

    const trust = { ca: 'x', verify: false };
    const https = dohExchange(httpClient(client, { tls: trust }));
    const asker = dnsClient({ reactor: client, https });
    for (const transport of ['udp', 'tcp', 'tls', 'https'] as const) {
      const servers = [{ host: '10.0.0.1', transport, tls: trust }];
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(texts(await asker.query('home.example.net', 'A', { servers }))).toEqual(['192.0.2.7']);
    }
    await asker.close();
    await web.stop();
    await dns.stop();
  });
});

describe('what is going on', () => {
  test('is counted', async () => {
    const zone = await dynamicZone('example.net');
    const copies = transfers(zone, { allow: ['192.0.2.53'] });
    const dns = dnsService('127.0.0.1:53', [copies, zone]);
    const metrics: HttpHandler = () =>
      new Response(
        formatMetrics(dns.responder.counters, {
          zones: [zone],
          transfers: copies,
          labels: { server: 'ns1' },
        }),
        { headers: { 'content-type': 'text/plain; version=0.0.4' } },
      );
    await using client = testClient(router().get('/metrics', metrics));
    const text = await (await client.get('/metrics')).text();
    expect(text).toContain('hawser_dns_queries_total{server="ns1",transport="udp"} 0');
    expect(text).toContain('hawser_dns_zone_names{server="ns1",zone="example.net"} 1');
    expect(text).toContain('hawser_dns_transfers_out_total{server="ns1",kind="axfr"} 0');
  });
});

describe('asking', () => {
  test('gives messages, or says what went wrong', async () => {
    const { server, client: reactor } = world();
    const zone = fixedZone('example.net', { records: { home: { A: '192.0.2.7' } } });
    const service = dnsService('10.0.0.1:53', [zone, refuse()]);
    await service.start(server);

    const client = dnsClient({ reactor, servers: ['10.0.0.1', 'tcp://10.0.0.2'], timeoutMs: 500 });
    const { answer } = await client.query('home.example.net', 'A');
    const addresses = answer.flatMap(({ rdata }) => (rdata ? rdataToText(Type.A, rdata) : []));
    expect(addresses).toEqual(['192.0.2.7']);
    expect(await rcodeOf(client, 'www.example.org')).toBe(Rcode.Refused);
    expect(toRRsets(answer)).toHaveLength(1);
    await client.close();
    await service.stop();
  });

  test('by name, with a search list and a hosts file', async () => {
    const { server, client: reactor } = world();
    const zone = fixedZone('example.net', {
      records: { home: { A: '192.0.2.7' }, '@': { MX: '10 home.example.net' } },
    });
    const service = dnsService('10.0.0.1:53', zone);
    await service.start(server);
    await using resolver = dnsResolver({
      reactor,
      servers: ['10.0.0.1'],
      search: ['example.net'],
      hosts: '192.168.1.20 printer\n',
    });
    expect(await resolver.lookup('home')).toMatchObject([{ host: '192.0.2.7' }]);
    expect(await resolver.lookup('printer')).toMatchObject([{ host: '192.168.1.20' }]);
    expect(await resolver.resolveMx('example.net')).toEqual([
      { preference: 10, exchange: 'home.example.net' },
    ]);
    await service.stop();
  });
});

describe('messages', () => {
  test('have the shape of dns-packet for who knows that', () => {
    const query = fromDnsPacket({ id: 1, questions: [{ name: 'home.example.net', type: 'A' }] });
    const packet = toDnsPacket(readable(buildMessage(query)));
    expect(packet.questions).toMatchObject([{ name: 'home.example.net', type: 'A' }]);
  });
});

describe('failures', () => {
  test('of the store leave what there was', async () => {
    const broken = memory();
    const zone = await dynamicZone('example.net', { store: broken });
    vi.spyOn(broken, 'commit').mockRejectedValue(
      new StoreError('HAWSER_STORE_LOCKED', 'Cannot write as it is locked'),
    );
    const said = await tryToSet(zone);
    expect(said).toBe('try again: HAWSER_STORE_LOCKED');
    expect(zone.get('home')).toBeUndefined();
  });

  test('of a handler are reported, and are SERVFAIL', async () => {
    const zone = dynamic('example.net', {
      resolve: () => {
        throw new Error('no database');
      },
    });
    const reactor = createTestReactor();
    expect((await ask(zone, 'home.example.net', 'A', { reactor })).rcode).toBe(Rcode.ServFail);
    expect(reactor.reports.problems).toHaveLength(1);
  });
});

/** What the servers say, or `undefined` if none says anything. */
async function rcodeOf(client: DnsClient, name: string): Promise<number | undefined> {
  try {
    return (await client.query(name, 'A')).rcode;
  } catch (error) {
    if (error instanceof DnsClientError) return error.rcode;
    throw error;
  }
}

async function tryToSet(zone: DynamicZone): Promise<string> {
  try {
    await zone.set('home', 'A', '192.0.2.7');
    return 'served';
  } catch (error) {
    if (error instanceof StoreError) return `try again: ${error.code}`;
    throw error;
  }
}

async function find(name: string, _signal: AbortSignal): Promise<{ ip: string } | undefined> {
  return rows.find((row) => row.name === name);
}

function report(_text: string): void {}

// Copies of zones between us and BIND, NSD and Knot, in both directions, compared record by record.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNodeReactor, type Reactor, type Service, stack, tls } from '@hawser/core';
import { CollectedReports, createTestAuthority } from '@hawser/core/testing';
import {
  DnsClient,
  type DnsServerLike,
  type DynamicZone,
  dnsService,
  dnsStream,
  dynamicZone,
  formatRRset,
  formatType,
  formatZone,
  Name,
  notifier,
  parseZone,
  propagated,
  Rcode,
  Responder,
  type SecondaryZone,
  secondaryZone,
  type Transfers,
  type TsigKey,
  Type,
  toRRsets,
  transfers,
  tsigKey,
  Zone,
} from '@hawser/dns';
import { describe, expect } from 'vitest';
import { freePort, peerKinds } from './dns-peers.ts';
import { type PeerChange, startPrimary, startSecondary } from './dns-transfer-peers.ts';
import { interop } from './peer.ts';
import { run } from './started.ts';

const ORIGIN = 'example.net';
const secret = Buffer.alloc(32, 'secret').toString('base64');
const keyText = { name: 'copy.example.net', secret };
const key = tsigKey(keyText.name, 'hmac-sha256', secret);

/** All that a zone may have, and enough of it for several messages. */
const zoneText = (hosts: number): string => `$ORIGIN ${ORIGIN}.
$TTL 3600
@ IN SOA ns1 hostmaster 1 3600 600 86400 60
@ NS ns1
@ NS ns2.elsewhere.test.
@ MX 10 mail
@ TXT "v=spf1 -all" "two strings"
@ CAA 0 issue "ca.test"
ns1 A 192.0.2.1
ns1 AAAA 2001:db8::1
mail 60 A 192.0.2.2
www CNAME @
*.wild TXT "any"
moved DNAME elsewhere.test.
sub NS ns.sub
ns.sub A 192.0.2.3
deep.sub TXT "below a delegation"
sub DS 1 13 2 ${'ab'.repeat(32)}
_sip._tcp SRV 1 2 5060 mail
sip NAPTR 100 50 "s" "SIP+D2U" "" _sip._udp
host SSHFP 4 2 ${'cd'.repeat(32)}
_443._tcp TLSA 3 1 1 ${'ef'.repeat(32)}
svc HTTPS 1 . alpn=h2,h3 ipv4hint=192.0.2.4
svc2 SVCB 2 svc mandatory=port port=8443
with\\.dot.a\\032b TXT "\\"quoted\\" \\255"
unknown TYPE65280 \\# 4 01020304
UpPer A 192.0.2.9
${Array.from({ length: hosts }, (_, index) => `h${index} 300 A 192.0.2.${index % 250}`).join('\n')}
`;

const initial = (hosts = 3_000): Zone => {
  const { rrsets, errors } = parseZone(zoneText(hosts), { origin: ORIGIN });
  expect(errors).toEqual([]);
  return Zone.of(Name.parse(ORIGIN), rrsets);
};

/** One of ours, on a port of its own, and what belongs to it. */
class Ours implements AsyncDisposable {
  readonly reactor: Reactor = createNodeReactor({ reports: new CollectedReports() });
  readonly folder = mkdtempSync(join(tmpdir(), 'hawser-transfers-'));
  readonly client = new DnsClient({ reactor: this.reactor });
  readonly #services: Service[] = [];

  async serve(service: Service): Promise<void> {
    await service.start(this.reactor);
    this.#services.push(service);
  }

  /** Resolves when `server` has the serial. */
  async has(server: DnsServerLike, zone: DynamicZone): Promise<void> {
    const { reactor, client } = this;
    await propagated(zone, {
      reactor,
      client,
      servers: [server],
      timeoutMs: 20_000,
      intervalMs: 50,
    });
  }

  /** The records of a server, as text. */
  async recordsAt(server: DnsServerLike, signed?: TsigKey): Promise<string[]> {
    const records = [];
    const transfer = this.client.transfer(ORIGIN, server, { key: signed });
    for await (const some of transfer) records.push(...some);
    return toRRsets(records.slice(0, -1))
      .map((each) => formatRRset(each).toLowerCase())
      .sort();
  }

  /** The records of a server one by one, each with the TTL it was sent with. */
  async rawAt(server: DnsServerLike): Promise<string[]> {
    const lines: string[] = [];
    for await (const some of this.client.transfer(ORIGIN, server))
      for (const { name, type, ttl, rdata } of some)
        lines.push(
          `${name} ${ttl} ${formatType(type)} ${rdata?.wire.toString('hex')}`.toLowerCase(),
        );
    return lines.sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const service of this.#services) await service.stop();
    await this.client.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function recordsOf(zone: Zone | undefined): string[] {
  return [...(zone?.rrsets() ?? [])].map((each) => formatRRset(each).toLowerCase()).sort();
}

/** Additions, deletions, another TTL, a record of several, a name below a delegation. */
async function changeMuch(zone: DynamicZone): Promise<void> {
  await zone.change([
    { name: 'h1', type: 'A' },
    { name: 'h2', type: 'A', values: ['198.51.100.1', '192.0.2.2'], ttl: 300 },
    { name: 'h3', type: 'A', values: '192.0.2.3', ttl: 77 },
    { name: 'new.sub', type: 'TXT', values: 'x'.repeat(200) },
    { name: '@', type: 'MX', values: [{ preference: 5, exchange: `mx.${ORIGIN}` }] },
  ]);
  await zone.change([{ name: 'h2', type: 'A', values: ['198.51.100.1'], ttl: 300 }]);
  await zone.change([{ name: 'late', type: 'A', values: '192.0.2.77' }]);
}

async function original(
  ours: Ours,
  peerPort: number,
  signed: TsigKey | undefined,
): Promise<{ zone: DynamicZone; port: number; transfer: Transfers }> {
  const zone = await dynamicZone(ORIGIN, { initial: initial() });
  const transfer = transfers(zone, { allow: signed ? [{ key: signed }] : ['127.0.0.1'] });
  const also = [{ host: '127.0.0.1', port: peerPort }];
  const notice = notifier(zone, { nameServers: false, also, key: signed });
  const service = dnsService(
    '127.0.0.1:0',
    new Responder([notice, transfer, zone], { keys: [key] }),
  );
  await ours.serve(service);
  return { zone, port: service.address?.port ?? 0, transfer };
}

describe.each(peerKinds)('%s as secondary of ours', (kind) => {
  const program = kind;

  for (const signed of [key, undefined]) {
    const how = signed ? 'with signatures' : 'without signatures';
    interop(
      `${kind} copies the zone and follows its changes at once, ${how}`,
      [program],
      async () => {
        await using ours = new Ours();
        const port = await freePort();
        const { zone, port: ourPort, transfer } = await original(ours, port, signed);
        const options = { folder: join(ours.folder, kind), origin: ORIGIN, port, ourPort };
        await using peer = await startSecondary(kind, { ...options, key: signed && keyText });
        const there = { host: '127.0.0.1', port: peer.port, transport: 'tcp' } as const;
        const transferKey = kind === 'knotd' ? signed : undefined;
        await ours.has(there, zone);
        expect(await ours.recordsAt(there, transferKey)).toEqual(recordsOf(zone.snapshot));
        const whole = transfer.counters.axfr;
        expect(whole).toBeGreaterThan(0);
        await changeMuch(zone);
        await ours.has(there, zone);
        expect(await ours.recordsAt(there, transferKey)).toEqual(recordsOf(zone.snapshot));
        // By what changed, and nothing else.
        expect(transfer.counters).toMatchObject({ axfr: whole, failed: 0 });
        expect(transfer.counters.ixfr).toBeGreaterThan(0);
      },
    );
  }

  interop(`${kind} gets nothing without the key`, [program], async () => {
    await using ours = new Ours();
    const port = await freePort();
    const { port: ourPort, transfer } = await original(ours, port, key);
    const options = { folder: join(ours.folder, kind), origin: ORIGIN, port, ourPort };
    await using peer = await startSecondary(kind, options);
    for (let wait = 0; transfer.counters.refused === 0 && wait < 200; wait++)
      // oxlint-disable-next-line no-await-in-loop -- a real server needs real time
      await pause();
    expect(peer.started.pid).toBeGreaterThan(0);
    expect(transfer.counters).toMatchObject({ axfr: 0, ixfr: 0 });
    expect(transfer.counters.refused).toBeGreaterThan(0);
  });
});

describe.each(peerKinds)('%s as primary of ours', (kind) => {
  const programs = {
    named: ['named', 'nsupdate'],
    nsd: ['nsd', 'nsd-control'],
    knotd: ['knotd', 'knsupdate'],
  };

  for (const signed of [key, undefined]) {
    const how = signed ? 'with signatures' : 'without signatures';
    interop(
      `we copy the zone of ${kind} and follow its changes at once, ${how}`,
      programs[kind],
      async () => {
        await using ours = new Ours();
        const { copy, ourPort, port } = await copyOf(ours, signed);
        const options = { folder: join(ours.folder, kind), origin: ORIGIN, port, ourPort };
        await using peer = await startPrimary(kind, {
          ...options,
          key: signed && keyText,
          text: formatZone(initial()),
        });
        const there = { host: '127.0.0.1', port: peer.port, transport: 'tcp' } as const;
        await until(
          () => copy.state === 'good',
          () => copy.refresh(),
        );
        expect(recordsOf(copy.snapshot)).toEqual(await ours.recordsAt(there, signed));
        expect(copy.counters.whole).toBe(1);
        const before = copy.snapshot?.serial ?? 0;
        await peer.change(peerChange(copy.snapshot));
        await until(() => (copy.snapshot?.serial ?? 0) > before);
        expect(recordsOf(copy.snapshot)).toEqual(await ours.recordsAt(there, signed));
        expect(copy.counters).toMatchObject({ whole: 1, strangers: 0 });
        expect(copy.counters.changes).toBeGreaterThan(0);
        expect(copy.counters.notices).toBeGreaterThan(0);
      },
    );
  }
});

describe.each(['named', 'knotd'] as const)(
  '%s as primary of ours, which alone has a key',
  (kind) => {
    interop(
      'what nsupdate has signed with it goes there through us, over UDP and TCP (RFC 8945 §5.5)',
      [kind, 'nsupdate'],
      async () => {
        await using ours = new Ours();
        const port = await freePort();
        const primaries = [{ host: '127.0.0.1', port }];
        const copy = secondaryZone(ORIGIN, { primaries, forwardUpdates: ['127.0.0.1'] });
        const service = dnsService('127.0.0.1:0', copy);
        await ours.serve(service);
        const ourPort = service.address?.port ?? 0;
        const options = { folder: join(ours.folder, kind), origin: ORIGIN, port, ourPort };
        const text = formatZone(initial());
        await using peer = await startPrimary(kind, { ...options, key: keyText, text });
        const send = async (name: string, flags: readonly string[], signer = secret) => {
          const add = `update add ${name}.${ORIGIN} 60 A 192.0.2.200`;
          const input = `server 127.0.0.1 ${ourPort}\nzone ${ORIGIN}\n${add}\nsend\n`;
          const key = ['-y', `hmac-sha256:${keyText.name}:${signer}`];
          return await run('nsupdate', [...key, ...flags], { input });
        };
        const has = async (name: string): Promise<boolean> => {
          const servers = [{ host: '127.0.0.1', port: peer.port }];
          const { answer } = await ours.client.query(`${name}.${ORIGIN}`, 'A', { servers });
          return answer.length > 0;
        };
        let ready = false;
        const look = async (): Promise<void> => {
          ready = await has('h7').catch(() => false);
        };
        await until(() => ready, look);
        expect(await send('over-udp', [])).toMatchObject({ code: 0, stderr: '' });
        expect(await send('over-tcp', ['-v'])).toMatchObject({ code: 0, stderr: '' });
        const wrong = await send('wrong', [], Buffer.alloc(32).toString('base64'));
        expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('BADSIG')]);
        const there = await Promise.all(['over-udp', 'over-tcp', 'wrong'].map(has));
        expect(there).toEqual([true, true, false]);
        expect(copy.counters.forwarded).toBe(3);
      },
    );
  },
);

interop(
  'a zone that named signs goes through us to knotd as it is, with every signature',
  ['named', 'nsupdate', 'knotd'],
  async () => {
    await using ours = new Ours();
    const [namedPort, ourPort, knotPort] = [await freePort(), await freePort(), await freePort()];
    const place = (port: number) => ({ host: '127.0.0.1', port, transport: 'tcp' }) as const;
    const copy = secondaryZone(ORIGIN, { primaries: [{ ...place(namedPort), transport: 'udp' }] });
    const responder = new Responder([
      notifier(copy, { nameServers: false, also: [{ host: '127.0.0.1', port: knotPort }] }),
      transfers(copy, { allow: ['127.0.0.1'] }),
      copy,
    ]);
    await ours.serve(dnsService(`127.0.0.1:${ourPort}`, responder));
    const shared = { origin: ORIGIN, ourPort };
    await using named = await startPrimary('named', {
      ...shared,
      folder: join(ours.folder, 'named'),
      port: namedPort,
      signs: true,
      // Signing takes a while.
      text: formatZone(initial(100)),
    });
    await until(
      () => copy.state === 'good' && isSigned(copy.snapshot),
      () => copy.refresh(),
    );
    await using knot = await startSecondary('knotd', {
      ...shared,
      folder: join(ours.folder, 'knotd'),
      port: knotPort,
    });
    const serialAt = async (port: number): Promise<number> => {
      const reply = await ours.client.query(ORIGIN, 'SOA', { servers: [place(port)] });
      const wire = reply.answer[0]?.rdata?.wire;
      return wire === undefined ? 0 : wire.readUInt32BE(wire.length - 20);
    };
    let serials: readonly number[] = [];
    const settled = async (least: number): Promise<void> => {
      let before: readonly number[] = [];
      const look = async (): Promise<void> => {
        before = serials;
        const ports = [named.port, ourPort, knot.port];
        serials = await Promise.all(ports.map((port) => serialAt(port).catch(() => 0)));
      };
      const isSo = (): boolean =>
        (serials[0] ?? 0) >= least && [...serials, ...before].every((each) => each === serials[0]);
      await until(isSo, look, () => `${serials.join(', ')}; ${copy.state}, ${copy.lastError}`);
    };
    await settled(1);
    expect(await ours.rawAt(place(knot.port))).toEqual(await ours.rawAt(place(named.port)));
    const before = copy.snapshot?.serial ?? 0;
    await named.change(peerChange(copy.snapshot));
    await settled(before + 1);
    const raw = await ours.rawAt(place(named.port));
    expect(raw.filter((line) => line.includes(' rrsig '))).not.toHaveLength(0);
    expect(await ours.rawAt(place(ourPort))).toEqual(raw);
    expect(await ours.rawAt(place(knot.port))).toEqual(raw);
    expect(copy.counters.changes).toBeGreaterThan(0);
  },
);

describe('transfers over TLS (RFC 9103)', () => {
  const authority = createTestAuthority();
  const own = authority.server(['localhost', '127.0.0.1']);

  interop('named copies from us over TLS, and nothing without it', ['named'], async () => {
    await using ours = new Ours();
    const port = await freePort();
    const zone = await dynamicZone(ORIGIN, { initial: initial() });
    const transfer = transfers(zone, { allow: [{ tls: true, key }] });
    const also = [{ host: '127.0.0.1', port }];
    const responder = new Responder(
      [notifier(zone, { nameServers: false, also, key }), transfer, zone],
      { keys: [key] },
    );
    const plain = dnsService('127.0.0.1:0', responder);
    await ours.serve(plain);
    const secure = await ours.reactor.tcp.listen(
      { host: '127.0.0.1', port: 0 },
      stack(tls(own))(dnsStream(responder)),
    );
    const ourPort = 'port' in secure.address ? secure.address.port : 0;
    const ca = join(ours.folder, 'ca.pem');
    writeFileSync(ca, authority.ca);
    await using peer = await startSecondary('named', {
      folder: join(ours.folder, 'named'),
      origin: ORIGIN,
      port,
      ourPort,
      key: keyText,
      tls: { ca, cert: '', key: '' },
    });
    const there = { host: '127.0.0.1', port: peer.port, transport: 'tcp' } as const;
    await ours.has(there, zone);
    expect(await ours.recordsAt(there)).toEqual(recordsOf(zone.snapshot));
    await changeMuch(zone);
    await ours.has(there, zone);
    expect(await ours.recordsAt(there)).toEqual(recordsOf(zone.snapshot));
    const inTheClear = { host: '127.0.0.1', port: plain.address?.port ?? 0 };
    await expect(ours.recordsAt(inTheClear, key)).rejects.toMatchObject({ rcode: Rcode.Refused });
    await secure.stop();
  });

  interop('we copy from named over TLS', ['named', 'nsupdate'], async () => {
    await using ours = new Ours();
    const files = { cert: join(ours.folder, 'cert.pem'), key: join(ours.folder, 'key.pem') };
    writeFileSync(files.cert, own.cert);
    writeFileSync(files.key, own.key);
    const { ourPort, port: peerPort } = { ourPort: await freePort(), port: await freePort() };
    await using peer = await startPrimary('named', {
      folder: join(ours.folder, 'named'),
      origin: ORIGIN,
      port: peerPort,
      ourPort,
      key: keyText,
      tls: { ca: '', ...files },
      text: formatZone(initial()),
    });
    const server = {
      host: '127.0.0.1',
      port: peer.tlsPort,
      transport: 'tls',
      serverName: 'localhost',
      tls: { ca: authority.ca },
    } as const;
    const copy = secondaryZone(ORIGIN, { primaries: [{ server, key }] });
    await ours.serve(dnsService(`127.0.0.1:${ourPort}`, new Responder(copy, { keys: [key] })));
    await until(
      () => copy.state === 'good',
      () => copy.refresh(),
    );
    const before = copy.snapshot?.serial ?? 0;
    await peer.change(peerChange(copy.snapshot));
    await until(() => (copy.snapshot?.serial ?? 0) > before);
    expect(recordsOf(copy.snapshot)).toEqual(await ours.recordsAt(server, key));
    expect(copy.counters).toMatchObject({ whole: 1, changes: 1 });
  });
});

describe('tools', () => {
  interop(
    'dig, kdig and drill get zones and changes of ours',
    ['dig', 'kdig', 'drill'],
    async () => {
      await using ours = new Ours();
      const { zone, port } = await original(ours, await freePort(), undefined);
      const before = zone.serial;
      await changeMuch(zone);
      const at = ['@127.0.0.1', '-p', `${port}`];
      const count = [...zone.snapshot.rrsets()].reduce(
        (sum, { records }) => sum + records.length,
        1,
      );
      const dig = await run('dig', [...at, ORIGIN, 'axfr', '+onesoa', '+nocmd', '+nostats']);
      expect(dig.stdout.split('\n').filter((line) => /\sIN\s/.test(line))).toHaveLength(count - 1);
      const kdig = await run('kdig', [...at, ORIGIN, `ixfr=${before}`]);
      expect(kdig.stdout).toMatch(/^h1\.example\.net\.\s+300\s+IN\s+A\s+192\.0\.2\.1$/m);
      expect(kdig.stdout).toMatch(/^late\.example\.net\.\s+60\s+IN\s+A\s+192\.0\.2\.77$/m);
      expect(kdig.stdout.match(/\sSOA\s/g)).toHaveLength(8);
      const signature = ['-y', `hmac-sha256:${keyText.name}:${secret}`];
      const udp = await run('dig', [...at, ...signature, ORIGIN, `ixfr=${before}`, '+notcp']);
      expect(udp.stdout).toMatch(/late\.example\.net/);
      const drill = await run('drill', ['-p', `${port}`, 'axfr', ORIGIN, '@127.0.0.1']);
      expect(drill.stdout.split('\n').filter((line) => /\sIN\s/.test(line))).toHaveLength(count);
      const signed = await run('dig', [
        ...at,
        '-y',
        `hmac-sha256:${keyText.name}:${secret}`,
        ORIGIN,
        'axfr',
      ]);
      expect(signed.stdout).not.toMatch(/Couldn't verify|; Transfer failed/);
      expect(signed.stdout).toMatch(/TSIG/);
    },
  );

  interop('ldns-notify makes us look', ['ldns-notify'], async () => {
    await using ours = new Ours();
    const zone = await dynamicZone(ORIGIN, { initial: initial() });
    const from = dnsService('127.0.0.1:0', [transfers(zone, { allow: ['127.0.0.1'] }), zone]);
    await ours.serve(from);
    const primaries = [{ host: '127.0.0.1', port: from.address?.port ?? 0 }];
    const copy = secondaryZone(ORIGIN, { primaries });
    const service = dnsService('127.0.0.1:0', copy);
    await ours.serve(service);
    await until(() => copy.state === 'good');
    await changeMuch(zone);
    const at = ['-p', `${service.address?.port}`, '-z', ORIGIN, '127.0.0.1'];
    const { stdout } = await run('ldns-notify', at);
    expect(stdout).toMatch(/reply from 127\.0\.0\.1:\n.*NOTIFY, rcode: NOERROR.*\n;; flags: qr aa/);
    await until(() => copy.snapshot?.serial === zone.serial);
    expect(recordsOf(copy.snapshot)).toEqual(recordsOf(zone.snapshot));
  });
});

/** A copy that is to be made of somebody who is started later. */
async function copyOf(
  ours: Ours,
  signed: TsigKey | undefined,
): Promise<{ copy: SecondaryZone; ourPort: number; port: number }> {
  const port = await freePort();
  const server = { host: '127.0.0.1', port };
  const copy = secondaryZone(ORIGIN, { primaries: [{ server, key: signed }] });
  const service = dnsService('127.0.0.1:0', new Responder(copy, { keys: [key] }));
  await ours.serve(service);
  return { copy, ourPort: service.address?.port ?? 0, port };
}

/** The same change as commands and as a zone file. */
function peerChange(zone: Zone | undefined): PeerChange {
  const text = formatZone(zone ?? initial())
    .replace(
      /^(\S+\s.*\sSOA\s+\S+\s+\S+\s+\(?\s*)(\d+)/m,
      (_, head: string, serial: string) => head + (Number(serial) + 1),
    )
    .replace(/^h7\s.*\n/m, '');
  return {
    commands: ['update delete h7.example.net A', 'update add fresh.example.net 60 A 192.0.2.200'],
    text: `${text}\nfresh.example.net. 60 IN A 192.0.2.200\n`,
  };
}

function isSigned(zone: Zone | undefined): boolean {
  return zone?.get(zone.origin, Type.DNSKEY) !== undefined;
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 100));
}

/** Waits, as real servers need real time. */
async function until(
  isSo: () => boolean,
  meanwhile?: () => Promise<void>,
  describe?: () => string,
): Promise<void> {
  const giveUpAt = performance.now() + 25_000;
  while (performance.now() < giveUpAt) {
    // oxlint-disable-next-line no-await-in-loop
    await meanwhile?.();
    if (isSo()) return;
    // oxlint-disable-next-line no-await-in-loop
    await pause();
  }
  throw new Error(`Cannot wait any longer: ${describe?.() ?? ''}`);
}

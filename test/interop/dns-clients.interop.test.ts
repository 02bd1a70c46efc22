// The tools people ask with, against one server: what they show is what we meant to say.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNodeReactor, group, type Service, serve, stack, tls } from '@hawser/core';
import { CollectedReports, createTestAuthority } from '@hawser/core/testing';
import { dnsService, dynamic, parseTsigKey, parseZone, transfers, Zone } from '@hawser/dns';
import { doh } from '@hawser/dns/http';
import { http, router } from '@hawser/http';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { output } from './dynamic-dns.ts';
import { interop } from './peer.ts';
import { run } from './started.ts';

const key = `hmac-sha256:copy.example.net:${Buffer.alloc(32, 'copy').toString('base64')}`;

const text = `
$TTL 60
@        SOA   ns1 hostmaster 7 7200 900 1209600 30
@        NS    ns1
@        MX    10 mail
ns1      A     192.0.2.53
home     A     192.0.2.7
home     AAAA  2001:db8::7
home     TXT   "one" "two words"
www      CNAME home
gone     CNAME nobody
old      DNAME new.example.org.
*.wild   A     192.0.2.9
large    TXT   ${Array.from({ length: 12 }, (_, n) => `"${String(n).repeat(200).slice(0, 200)}"`).join(' ')}
private  TYPE65280 \\# 3 010203
svc      HTTPS 1 . alpn=h2,h3 ipv4hint=192.0.2.7
sub      NS    ns.sub
ns.sub   A     192.0.2.54
`;

let folder: string;
let service: Service;
const reports = new CollectedReports();
const ports = { dns: 0, dot: 0, https: 0 };

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hawser-dns-clients-'));
  const authority = createTestAuthority();
  writeFileSync(join(folder, 'ca.pem'), authority.ca);
  const certificate = authority.server(['localhost', '127.0.0.1']);
  const { origin, rrsets } = parseZone(text, { origin: 'example.net' });
  const zone = Zone.of(origin, rrsets);
  const copied = {
    origin,
    snapshot: zone,
    handle: () => {
      throw new Error('not asked');
    },
    journal: async () => undefined,
    onChange: () => ({ [Symbol.dispose]: () => undefined }),
  };
  const nearby = dynamic('near.example.net', {
    resolve: ({ subnet }) => ({ TXT: subnet ? `${subnet.address}/${subnet.sourcePrefix}` : 'all' }),
  });
  const dns = dnsService(
    '127.0.0.1:0',
    [transfers(copied, { allow: [{ key: 'copy.example.net' }] }), zone, nearby],
    {
      keys: [parseTsigKey(key)],
      tls: { ...certificate, port: 0 },
      serverId: 'ns1-test',
      version: 'hawser',
    },
  );
  const app = router().all('/dns-query', doh(dns.responder));
  const secure = stack(tls({ ...certificate, alpn: ['h2', 'http/1.1'] }));
  const web = serve('tcp://127.0.0.1:0', secure(http(app)));
  service = group(dns, web);
  await service.start(createNodeReactor({ reports }));
  ports.dns = dns.address?.port ?? 0;
  ports.dot = dns.tlsAddresses[0]?.port ?? 0;
  const address = web.port?.address;
  ports.https = address && 'port' in address ? address.port : 0;
});

afterAll(async () => {
  await service.stop();
  rmSync(folder, { recursive: true, force: true });
  // Whatever they asked was nothing unexpected.
  const [problem] = reports.problems;
  if (problem !== undefined) throw new Error('a problem was reported', { cause: problem });
});

type Ports = typeof ports;

function dig(flags: string, port: keyof Ports = 'dns'): Promise<string> {
  const where = ['@127.0.0.1', '-p', `${ports[port]}`, '+tries=1', '+time=10'];
  return output('dig', [...where, ...flags.split(' ')]);
}

function kdig(flags: string, port: keyof Ports = 'dns'): Promise<string> {
  const where = ['@127.0.0.1', '-p', `${ports[port]}`, '+retry=0', '+time=10'];
  return output('kdig', [...where, ...flags.split(' ')]);
}

function drill(flags: string): Promise<string> {
  return output('drill', ['-p', `${ports.dns}`, ...flags.split(' '), '@127.0.0.1']);
}

describe('dig', () => {
  interop('shows who answers, and what', ['dig'], async () => {
    const said = await dig('home.example.net');
    expect(said).toContain('status: NOERROR');
    expect(said).toContain('flags: qr aa rd; QUERY: 1, ANSWER: 1, AUTHORITY: 0, ADDITIONAL: 1');
    expect(said).toContain('EDNS: version: 0, flags:; udp: 1232');
    expect(said).toMatch(/^home\.example\.net\.\s+60\s+IN\s+A\s+192\.0\.2\.7$/m);
    expect(said).toContain('(UDP)');
  });

  interop('+short shows values of every kind', ['dig'], async () => {
    expect(await dig('+short home.example.net AAAA')).toBe('2001:db8::7\n');
    expect(await dig('+short home.example.net TXT')).toBe('"one" "two words"\n');
    expect(await dig('+short example.net MX')).toBe('10 mail.example.net.\n');
    expect(await dig('+short www.example.net')).toBe('home.example.net.\n192.0.2.7\n');
    expect(await dig('+short a.b.wild.example.net')).toBe('192.0.2.9\n');
    expect(await dig('+short private.example.net TYPE65280')).toBe('\\# 3 010203\n');
    expect(await dig('+short svc.example.net HTTPS')).toContain('ipv4hint=192.0.2.7');
  });

  interop('+tcp is answered the same', ['dig'], async () => {
    const said = await dig('+tcp home.example.net');
    expect(said).toContain('192.0.2.7');
    expect(said).toContain('(TCP)');
  });

  interop('shows why there is nothing', ['dig'], async () => {
    const missing = await dig('nobody.example.net');
    expect(missing).toContain('status: NXDOMAIN');
    expect(missing).toMatch(/^example\.net\.\s+30\s+IN\s+SOA\s/m);
    const dangling = await dig('gone.example.net');
    expect(dangling).toContain('status: NXDOMAIN');
    expect(dangling).toMatch(/^gone\.example\.net\.\s+60\s+IN\s+CNAME\s+nobody/m);
    const empty = await dig('home.example.net MX');
    expect(empty).toContain('status: NOERROR');
    expect(empty).toContain('ANSWER: 0, AUTHORITY: 1');
    const others = await dig('example.org');
    expect(others).toContain('status: REFUSED');
    expect(others).not.toContain('SOA');
  });

  interop('is referred, with glue', ['dig'], async () => {
    const said = await dig('+norec host.sub.example.net');
    expect(said).toContain('flags: qr; QUERY: 1, ANSWER: 0, AUTHORITY: 1, ADDITIONAL: 2');
    expect(said).toMatch(/^ns\.sub\.example\.net\.\s+60\s+IN\s+A\s+192\.0\.2\.54$/m);
  });

  interop('+cookie is given a cookie of ours, and it is good', ['dig'], async () => {
    const first = await dig('+cookie home.example.net');
    const [, cookie = ''] = /; COOKIE: ([\da-f]{48}) \(good\)/.exec(first) ?? [];
    expect(cookie).not.toBe('');
    expect(await dig(`+cookie=${cookie} home.example.net`)).toContain('(good)');
  });

  interop('+nsid and CH TXT tell which server it is', ['dig'], async () => {
    expect(await dig('+nsid home.example.net')).toContain('("ns1-test")');
    expect(await dig('+short CH TXT id.server')).toBe('"ns1-test"\n');
    expect(await dig('+short CH TXT version.bind')).toBe('"hawser"\n');
    expect(await dig('CH TXT authors.bind')).toContain('status: REFUSED');
  });

  interop('+subnet gets an answer for that subnet, and is told so', ['dig'], async () => {
    const said = await dig('+subnet=198.51.100.0/24 a.near.example.net TXT');
    expect(said).toContain('CLIENT-SUBNET: 198.51.100.0/24/24');
    expect(said).toContain('"198.51.100.0/24"');
    expect(await dig('+subnet=198.51.100.0/24 home.example.net')).not.toContain('/24/24');
  });

  interop('+dnssec keeps the DO bit, though nothing is signed', ['dig'], async () => {
    const said = await dig('+dnssec home.example.net');
    expect(said).toContain('EDNS: version: 0, flags: do; udp: 1232');
    expect(said).not.toContain('RRSIG');
  });

  interop('is told to come over TCP, and does', ['dig'], async () => {
    const cut = await dig('+ignore large.example.net TXT');
    expect(cut).toContain('flags: qr aa tc rd; QUERY: 1, ANSWER: 0');
    const whole = await dig('large.example.net TXT');
    expect(whole).toContain(';; Truncated, retrying in TCP mode.');
    expect(whole).toContain('flags: qr aa rd; QUERY: 1, ANSWER: 1');
    const old = await dig('+noedns +ignore large.example.net TXT');
    expect(old).toContain('tc');
    expect(old).not.toContain('OPT PSEUDOSECTION');
  });

  interop('of a later EDNS, opcode or no question is told what it can have', ['dig'], async () => {
    expect(await dig('+edns=1 +noednsnegotiation home.example.net')).toContain('status: BADVERS');
    expect(await dig('+opcode=15 home.example.net')).toContain('status: NOTIMP');
    expect(await dig('+header-only +cookie')).toContain('status: NOERROR');
    expect(await dig('+header-only +nocookie')).toContain('status: FORMERR');
    expect(await dig('+ednsopt=65001:0102 +ednsflags=0x40 home.example.net')).toContain('NOERROR');
  });

  interop('sees names spelled as it spells them', ['dig'], async () => {
    const said = await dig('hOmE.eXaMpLe.NeT');
    expect(said).toMatch(/^;hOmE\.eXaMpLe\.NeT\.\s+IN\s+A$/m);
    expect(said).toMatch(/^hOmE\.eXaMpLe\.NeT\.\s+60\s+IN\s+A\s+192\.0\.2\.7$/m);
  });

  interop('ANY gets one kind of record', ['dig'], async () => {
    expect(await dig('+notcp home.example.net ANY')).toContain('ANSWER: 1');
    expect(await dig('+tcp home.example.net ANY')).toContain('ANSWER: 1');
  });

  interop('asks several names on one connection', ['dig'], async () => {
    const names = 'home.example.net ns1.example.net nobody.example.net';
    const said = await dig(`+tcp +keepopen +short ${names}`);
    expect(said).toBe('192.0.2.7\n192.0.2.53\n');
    expect(await dig(`+tls +keepopen +short ${names}`, 'dot')).toBe('192.0.2.7\n192.0.2.53\n');
  });

  interop('follows a DNAME', ['dig'], async () => {
    const said = await dig('a.old.example.net');
    expect(said).toMatch(/^old\.example\.net\.\s+60\s+IN\s+DNAME\s+new\.example\.org\.$/m);
    expect(said).toMatch(/^a\.old\.example\.net\.\s+60\s+IN\s+CNAME\s+a\.new\.example\.org\.$/m);
  });

  interop('copies the zone with the key, and not without', ['dig'], async () => {
    expect(await dig('example.net AXFR')).toContain('; Transfer failed.');
    const whole = await dig(`example.net AXFR -y ${key}`);
    expect(whole).toMatch(/^;; XFR size: 17 records/m);
    expect(whole).toMatch(/TSIG\s+hmac-sha256\. .* NOERROR 0/);
    const wrong = key.replace(/:[^:]*$/, ':c3RyYW5nZXI=');
    expect(await dig(`example.net SOA -y ${wrong}`)).toContain('status: NOTAUTH');
  });

  interop('asks over TLS and HTTPS, and is padded there', ['dig'], async () => {
    const secure = await dig('+tls +padding=128 home.example.net', 'dot');
    expect(secure).toContain('(TLS)');
    expect(secure).toMatch(/^; PAD: \(\d+ bytes\)$/m);
    expect(secure).toContain('MSG SIZE  rcvd: 468');
    for (const flag of ['+https', '+https-get']) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await dig(`${flag} home.example.net`, 'https')).toContain('192.0.2.7');
    }
  });
});

describe('kdig', () => {
  interop('shows who answers, and what', ['kdig'], async () => {
    const said = await kdig('+edns home.example.net');
    expect(said).toContain('status: NOERROR');
    expect(said).toContain('Flags: qr aa rd; QUERY: 1; ANSWER: 1');
    expect(said).toContain('UDP size: 1232 B');
    expect(await kdig('+short www.example.net')).toBe('home.example.net.\n192.0.2.7\n');
  });

  interop('sends every option it knows', ['kdig'], async () => {
    const said = await kdig('+nsid +cookie +dnssec +bufsize=4096 home.example.net');
    expect(said).toContain('NSID');
    expect(said).toContain('ns1-test');
    expect(said).toMatch(/COOKIE: [\dA-F]+/i);
    expect(said).toContain('flags: do');
    const near = await kdig('+subnet=2001:db8::/56 a.near.example.net TXT');
    expect(near).toContain('CLIENT-SUBNET: 2001:db8::/56/56');
    expect(await kdig('+edns=1 home.example.net')).toContain('BADVERS');
  });

  interop('proves the certificate over TLS', ['kdig'], async () => {
    const trust = `+tls-ca=${join(folder, 'ca.pem')} +tls-hostname=localhost`;
    const said = await kdig(`+tls ${trust} +padding home.example.net`, 'dot');
    expect(said).toContain('TLS1.3');
    expect(said).toContain('PADDING');
    expect(said).toContain('Received 468 B');
    const other = trust.replace('localhost', 'example.org');
    const wrong = await run('kdig', [
      '@127.0.0.1',
      '-p',
      `${ports.dot}`,
      '+tls',
      ...other.split(' '),
      'home.example.net',
    ]);
    expect(wrong.stdout + wrong.stderr).not.toContain('192.0.2.7');
  });

  interop('asks over HTTPS by POST and GET', ['kdig'], async () => {
    const posted = await kdig('+https home.example.net', 'https');
    expect(posted).toContain('HTTP/2-POST');
    expect(posted).toContain('192.0.2.7');
    const got = await kdig('+https +https-get home.example.net', 'https');
    expect(got).toContain('HTTP/2-GET');
    expect(got).toContain('192.0.2.7');
  });

  interop('asks several on one connection', ['kdig'], async () => {
    const names = 'home.example.net ns1.example.net';
    expect(await kdig(`+tcp +keepopen +short ${names}`)).toBe('192.0.2.7\n192.0.2.53\n');
    expect(await kdig(`+tls +keepopen +short ${names}`, 'dot')).toBe('192.0.2.7\n192.0.2.53\n');
  });

  interop('copies the zone with the key, over TCP and TLS', ['kdig'], async () => {
    for (const [flags, port] of [
      ['', 'dns'],
      ['+tls ', 'dot'],
    ] as const) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const whole = await kdig(`${flags}-y ${key} example.net AXFR`, port);
      expect(whole).toContain('home.example.net.');
      expect(whole).toMatch(/Received \d+ B \(1 messages, 17 records\)/);
    }
  });
});

describe('drill', () => {
  interop('asks over UDP and TCP', ['drill'], async () => {
    for (const flags of ['', '-t ']) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const said = await drill(`${flags}home.example.net`);
      expect(said).toContain('rcode: NOERROR');
      expect(said).toContain('flags: qr aa rd ; QUERY: 1, ANSWER: 1');
      expect(said).toMatch(/^home\.example\.net\.\s+60\s+IN\s+A\s+192\.0\.2\.7$/m);
    }
  });

  interop('shows what is missing, what was cut, and the DO bit', ['drill'], async () => {
    expect(await drill('nobody.example.net')).toContain('rcode: NXDOMAIN');
    expect(await drill('large.example.net TXT')).toContain('flags: qr aa tc rd');
    expect(await drill('-t large.example.net TXT')).toContain('"999');
    expect(await drill('-D home.example.net')).toContain('flags: do');
  });

  interop('copies the zone with the key', ['drill'], async () => {
    const [algorithm = '', name = '', secret = ''] = key.split(':');
    const whole = await drill(`-y ${name}:${secret}:${algorithm} example.net AXFR`);
    expect(whole).toContain('home.example.net.');
  });
});

describe('delv', () => {
  interop('sees that nothing is signed, and trusts it no further', ['delv'], async () => {
    // Whom it trusts has nothing to do with the zone, which so need not be signed.
    const anchor = join(folder, 'anchor');
    const digest = Buffer.alloc(64, 'key').toString('base64');
    writeFileSync(anchor, `trust-anchors { "other.test." static-key 257 3 13 "${digest}"; };\n`);
    const where = ['@127.0.0.1', '-p', `${ports.dns}`, '-a', anchor, '+root=other.test'];
    const found = await output('delv', [...where, 'home.example.net']);
    expect(found).toMatch(/^home\.example\.net\.\s+60\s+IN\s+A\s+192\.0\.2\.7$/m);
    expect(found).not.toContain('validated');
    const { stdout, stderr } = await run('delv', [...where, 'nobody.example.net']);
    expect(stdout).toContain('; negative response, unsigned answer');
    expect(stderr).toContain('ncache nxdomain');
  });
});

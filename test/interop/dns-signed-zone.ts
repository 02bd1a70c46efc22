// A zone that is signed and served, and those who validate what it says.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNodeReactor, type Reactor, type Service } from '@hawser/core';
import { CollectedReports } from '@hawser/core/testing';
import {
  DnsClient,
  type DnsHandler,
  type DynamicZone,
  dnsService,
  dynamicZone,
  formatType,
  generateKey,
  type KeyAlgorithm,
  Name,
  parseZone,
  Responder,
  rdataToText,
  type SigningKey,
  Type,
  Zone,
  type ZoneSigning,
  zoneSigning,
} from '@hawser/dns';
import { run } from './started.ts';

/** The zone. */
export const ORIGIN = 'example.net';

/** What it holds. */
export const zoneText = `$ORIGIN ${ORIGIN}.
$TTL 3600
@ IN SOA ns1 hostmaster 1 3600 600 86400 60
@ NS ns1
@ MX 10 Mail
ns1 A 127.0.0.1
Mail 60 A 192.0.2.2
www CNAME host
host A 192.0.2.3
host A 192.0.2.30
host TXT "one" "two"
a.b.c A 192.0.2.4
*.wild A 192.0.2.5
deep.wild TXT "hides the wildcard"
sub NS ns.sub
ns.sub A 192.0.2.6
safe NS ns.elsewhere.test.
safe DS 1 13 2 ${'ab'.repeat(32)}
moved DNAME elsewhere.test.
_sip._tcp SRV 1 2 5060 Mail
with\\.dot.x\\032y TXT "odd"
\\000 A 192.0.2.8
unknown TYPE65280 \\# 4 01020304
svc HTTPS 1 . alpn=h2,h3
`;

/** What we serve, and whom we may ask. */
export class Ours implements AsyncDisposable {
  readonly reports: CollectedReports = new CollectedReports();
  readonly reactor: Reactor = createNodeReactor({ reports: this.reports });
  readonly folder: string = mkdtempSync(join(tmpdir(), 'hawser-dnssec-'));
  readonly client: DnsClient = new DnsClient({ reactor: this.reactor });
  readonly #services: Service[] = [];
  port = 0;

  async serve(handlers: readonly DnsHandler[]): Promise<void> {
    const service = dnsService('127.0.0.1:0', new Responder(handlers, { rateLimit: false }));
    await service.start(this.reactor);
    this.#services.push(service);
    this.port = service.address?.port ?? 0;
  }

  /** Each record of the zone on a line, as `port` transfers it. */
  async file(name: string, port: number = this.port): Promise<string> {
    const lines: string[] = [];
    const there = { host: '127.0.0.1', port, transport: 'tcp' } as const;
    for await (const some of this.client.transfer(ORIGIN, there))
      for (const { name: owner, type, ttl, rdata } of some) {
        if (type === Type.SOA && lines.length > 0) continue;
        const data = rdata === undefined ? '\\# 0' : rdataToText(type, rdata);
        lines.push(`${owner}. ${ttl} IN ${formatType(type)} ${data}`);
      }
    const path = join(this.folder, name);
    writeFileSync(path, `${lines.join('\n')}\n`);
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const service of this.#services) await service.stop();
    await this.client.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The zone, signed with one key. */
export async function storedZone(
  options: { readonly key?: SigningKey; readonly algorithm?: KeyAlgorithm } = {},
): Promise<{ zone: DynamicZone; signing: ZoneSigning; key: SigningKey }> {
  const { algorithm, key = generateKey(algorithm) } = options;
  const signing = zoneSigning({ keys: [key] });
  const { rrsets, errors } = parseZone(zoneText, { origin: ORIGIN });
  if (errors.length > 0) throw new Error('the zone file is not right');
  const initial = Zone.of(Name.parse(ORIGIN), rrsets);
  const zone = await dynamicZone(ORIGIN, { initial, signing });
  return { zone, signing, key };
}

/** Asks delv, which believes nothing but `key`. */
export async function delv(
  ours: Ours,
  key: SigningKey,
  name: string,
  type: string,
): Promise<string> {
  const [flags, protocol, algorithm, ...octets] = rdataToText(Type.DNSKEY, key.rdata).split(' ');
  const anchor = `static-key ${flags} ${protocol} ${algorithm} "${octets.join('')}"`;
  return delvFrom(ours, anchor, { name, type });
}

/** Asks delv, which believes nothing but `anchor`: the kind and the data of a key of the zone, as delv wants it. */
export async function delvFrom(
  ours: Ours,
  anchor: string,
  { name, type }: { readonly name: string; readonly type: string },
): Promise<string> {
  const path = join(ours.folder, 'anchor');
  writeFileSync(path, `trust-anchors { ${ORIGIN}. ${anchor}; };\n`);
  const server = ['@127.0.0.1', '-p', String(ours.port), '-a', path, `+root=${ORIGIN}`];
  const { stdout, stderr } = await run('delv', [...server, '-4', '+nottl', '-q', name, '-t', type]);
  return `${stdout}${stderr}`;
}

/** What unbound thinks of answers, through a configuration that trusts `anchor`. */
export async function unboundHost(
  ours: Ours,
  anchor: string,
  [name, type]: readonly [string, string],
): Promise<string> {
  const configuration = join(ours.folder, 'unbound.conf');
  writeFileSync(
    configuration,
    `
server:
  directory: ""
  chroot: ""
  username: ""
  do-not-query-localhost: no
  module-config: "validator iterator"
  trust-anchor: "${anchor}"
  harden-algo-downgrade: yes
stub-zone:
  name: "${ORIGIN}"
  stub-addr: 127.0.0.1@${ours.port}
`,
  );
  const { stdout, stderr } = await run('unbound-host', [
    '-C',
    configuration,
    '-v',
    '-t',
    type,
    name,
  ]);
  return `${stdout}${stderr}`;
}

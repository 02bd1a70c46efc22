// Zone files that others read as we do, and that we write for them.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatZone, type ParsedZone, readZoneFile, Zone } from '@hawser/dns';
import { afterAll, beforeAll, expect } from 'vitest';
import { interop } from './peer.ts';

/** As people write them: every directive, and what is unusual in entries. */
const wild = `$ORIGIN .
$TTL 86400\t; 1 day
example.net\t\tIN SOA\tns1.example.net. host\\.master.example.net. (\r
\t\t\t\t2026112301 ; serial\r
\t\t\t\t7200 15M 2W ; refresh, retry, expire
\t\t\t\t1m ) ; minimum
\t\t\tNS\tns1.example.net.
\t\t\tNS\tns2.example.net.
\t\t\tMX\t10 mail.example.net.
\t\t\tTXT\t( "long"
\t\t\t  "split ; not comment" ) ; comment
$ORIGIN example.net.
*\tIN\t300\tA 192.0.2.99
$TTL 1h30m
ns1 A 192.0.2.1 ; comment
    AAAA 2001:db8::1
ns2\tIN A 192.0.2.2

;;; comment line
   ; indented comment
mail 300 IN A 192.0.2.3
_sip._tcp SRV 0 5 5060 sip.example.com.
sip\tCLASS1 600 TYPE1 \\# 4 C0000204
d\\.ot A 192.0.2.5
\\100igit A 192.0.2.6
sub NS ns.sub
ns.sub A 192.0.2.7
@ IN CAA 0 issue "ca.example.net; policy=ev"
quoted TXT semi\\;colon "par(en)" un\\"quoted tab\\009
svc HTTPS 1 . alpn="h2,h3" port=8443 ipv4hint=192.0.2.1
loc LOC 52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m
apl APL 1:192.168.32.0/21 !1:192.168.38.0/28
unknown TYPE65280 \\# 3 010203
$GENERATE 1-3 host-$ A 10.0.0.$
$GENERATE 0-4/2 h\${0,3,d} CNAME host-\${1,0,d}
$GENERATE 16-17 \${0,2,x}.rev PTR h\${0,4,x}.example.org.
$GENERATE 300-301 \${0,7,n}.nib CNAME x\${-290}
$INCLUDE part.inc
after A 192.0.2.60
$INCLUDE part.inc other
last  IN  A 192.0.2.61
$ORIGIN 2.0.192.in-addr.arpa.example.net.
1 PTR ns1.example.net.
A A 192.0.2.8
`;
const included = 'inc1 A 192.0.2.50\n$ORIGIN deep.example.net.\n@ TXT "deep"\nrel CNAME @\n';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hawser-zone-file-'));
  writeFileSync(join(folder, 'wild.zone'), wild);
  writeFileSync(join(folder, 'part.inc'), included);
});
afterAll(() => rmSync(folder, { recursive: true }));

async function read(name: string): Promise<ParsedZone> {
  const parsed = await readZoneFile(join(folder, name), { origin: 'example.net' });
  expect(parsed.errors).toEqual([]);
  return parsed;
}

/** The zone of a file, as we would write it: the same text is the same zone. */
async function textOf(name: string): Promise<string> {
  const { origin, rrsets } = await read(name);
  return formatZone(Zone.of(origin, rrsets));
}

/** What BIND makes of a file. */
function compile(from: string, to: string): void {
  const options = ['-i', 'none', '-k', 'ignore', '-s', 'full', '-o', to, 'example.net', from];
  execFileSync('named-compilezone', options, { cwd: folder, stdio: 'pipe' });
}

interop('BIND reads a file as we do', ['named-compilezone'], async () => {
  compile('wild.zone', 'compiled.zone');
  expect(await textOf('wild.zone')).toBe(await textOf('compiled.zone'));
});

interop('BIND reads what we write', ['named-compilezone'], async () => {
  const text = await textOf('wild.zone');
  writeFileSync(join(folder, 'ours.zone'), text);
  compile('ours.zone', 'again.zone');
  expect(await textOf('again.zone')).toBe(text);
});

interop(
  'NSD, Knot and ldns take what we write',
  ['nsd-checkzone', 'kzonecheck', 'ldns-read-zone'],
  async () => {
    writeFileSync(join(folder, 'ours.zone'), await textOf('wild.zone'));
    const run = (program: string, ...args: string[]): string =>
      execFileSync(program, args, { cwd: folder, stdio: 'pipe' }).toString();
    expect(run('nsd-checkzone', 'example.net', 'ours.zone')).toMatch(/is ok/);
    run('kzonecheck', '-o', 'example.net', 'ours.zone');
    writeFileSync(join(folder, 'ldns.zone'), run('ldns-read-zone', 'ours.zone'));
    expect(await textOf('ldns.zone')).toBe(await textOf('ours.zone'));
  },
);

interop(
  'a zone signed by others verifies after we wrote it',
  ['ldns-keygen', 'ldns-signzone', 'ldns-verify-zone'],
  async () => {
    writeFileSync(join(folder, 'ours.zone'), await textOf('wild.zone'));
    const run = (program: string, ...args: string[]): string =>
      execFileSync(program, args, { cwd: folder, stdio: 'pipe' }).toString();
    const key = run('ldns-keygen', '-a', 'ECDSAP256SHA256', '-k', 'example.net').trim();
    run('ldns-signzone', '-n', '-f', 'signed.zone', 'ours.zone', key);
    writeFileSync(join(folder, 'rewritten.zone'), await textOf('signed.zone'));
    expect(run('ldns-verify-zone', 'rewritten.zone')).toMatch(/verified and complete/);
  },
);

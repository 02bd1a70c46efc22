// The same zones and questions for our server and those of others: what differs is a decision, written down here.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNodeReactor } from '@hawser/core';
import { SeededRandom } from '@hawser/core/testing';
import { dnsService, Name, parseType, type RRset, rdataFromText, Zone } from '@hawser/dns';
import { expect } from 'vitest';
import {
  DnsPeer,
  type PeerKind,
  type PeerReply,
  type PeerZone,
  peerKinds,
  startPeer,
} from './dns-peers.ts';
import { randomQuestion, randomZone } from './dns-random-zone.ts';
import { interop } from './peer.ts';

/** `origin ttl IN TYPE data` lines, as every zone here is written. */
function parseZone({ origin, text }: PeerZone): Zone {
  const apex = Name.parse(origin);
  const byId = new Map<string, RRset & { records: RRset['records'][number][] }>();
  for (const line of text.split('\n')) {
    const match = /^([^\s;]+)\s+(\d+)\s+IN\s+(\S+)\s+(.+)$/.exec(line);
    if (match === null) continue;
    const [, owner = '', ttl = '', typeText = '', data = ''] = match;
    const type = parseType(typeText);
    const name = ownerOf(owner, apex);
    const id = `${name.key}/${type}`;
    const rrset = byId.get(id) ?? { name, type, ttl: Number(ttl), records: [] };
    rrset.records.push(rdataFromText(type, data.replace(/ ;.*$/, ''), { origin: apex }));
    byId.set(id, rrset);
  }
  return Zone.of(apex, byId.values());
}

function ownerOf(text: string, origin: Name): Name {
  if (text === '@') return origin;
  return text.endsWith('.') ? Name.parse(text) : Name.parse(text).concat(origin);
}

type Servers = AsyncDisposable & {
  readonly ours: DnsPeer;
  readonly others: readonly (readonly [PeerKind, DnsPeer])[];
};

async function startAll(zones: readonly PeerZone[]): Promise<Servers> {
  const folder = mkdtempSync(join(tmpdir(), 'hawser-dns-'));
  const reactor = createNodeReactor();
  const service = dnsService('127.0.0.1:0', zones.map(parseZone));
  await service.start(reactor);
  const others: (readonly [PeerKind, DnsPeer])[] = [];
  const ours = new DnsPeer(undefined, service.address?.port ?? 0);
  const stop = async (): Promise<void> => {
    // oxlint-disable-next-line no-await-in-loop -- one after the other, before their files go
    for (const peer of [ours, ...others.map(([, each]) => each)]) await peer[Symbol.asyncDispose]();
    await service.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    for (const kind of peerKinds) {
      // oxlint-disable-next-line no-await-in-loop -- one at a time is enough for the machine
      others.push([kind, await startPeer(kind, join(folder, kind), zones)]);
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return { ours, others, [Symbol.asyncDispose]: stop };
}

const tricky = {
  origin: 'tricky.test',
  text: `$ORIGIN tricky.test.
@ 600 IN SOA ns hostmaster 1 7200 900 1209600 60
@ 600 IN NS ns
@ 600 IN NS ns.elsewhere.example.
ns 600 IN A 192.0.2.254
www 300 IN A 192.0.2.1
WWW 300 IN AAAA 2001:db8::1
a.b.deep 300 IN TXT "deep"
mail 300 IN MX 10 www
srv 300 IN SRV 0 5 5060 www
alias 300 IN CNAME www
dangling 300 IN CNAME nobody
out 300 IN CNAME www.elsewhere.example.
one 300 IN CNAME two
two 300 IN CNAME one
tosub 300 IN CNAME host.sub
*.w 300 IN A 192.0.2.2
host.w 300 IN TXT "hides"
x.ent.w 300 IN TXT "hides more"
sub.w 300 IN NS www
*.test 300 IN A 192.0.2.3
f.*.e 300 IN A 192.0.2.4
*.c 300 IN CNAME www
*.cc 300 IN CNAME x.w
sub 300 IN NS ns.sub
sub 300 IN NS ns.other
ns.sub 300 IN A 192.0.2.5
host.sub 300 IN A 192.0.2.6
other 300 IN NS ns.other
ns.other 300 IN A 192.0.2.7
safe 300 IN NS www
safe 300 IN DS 1 13 2 ${'00'.repeat(32)}
old 300 IN DNAME deep
old 300 IN TXT "at a DNAME"
gone 300 IN DNAME elsewhere.example.
intosub 300 IN DNAME sub
long 300 IN DNAME ${`${'y'.repeat(60)}.`.repeat(3)}tricky.test.
nul\\000l 300 IN A 192.0.2.8
a\\.b 300 IN A 192.0.2.9
`,
};

const long = 'x'.repeat(63);
const minimal = 'leaves out what is not necessary';
const questions: readonly (readonly [
  why: string,
  name: string,
  type: string,
  decided?: Decided,
])[] = [
  ['data', 'www', 'A'],
  ['data in another case', 'wWw', 'AAAA'],
  ['NODATA', 'www', 'TXT'],
  ['NXDOMAIN', 'nobody', 'A'],
  ['NXDOMAIN below a host', 'x.www', 'A'],
  ['an empty non-terminal', 'b.deep', 'A'],
  ['below an empty non-terminal', 'x.b.deep', 'A'],
  ['SOA', '@', 'SOA'],
  ['NS at the origin, with addresses', '@', 'NS'],
  ['MX with addresses', 'mail', 'MX', { named: minimal, nsd: minimal }],
  ['SRV with addresses', 'srv', 'SRV', { named: minimal, nsd: minimal }],
  ['an alias', 'alias', 'A'],
  ['an alias to NODATA', 'alias', 'TXT'],
  ['an alias to NXDOMAIN', 'dangling', 'A'],
  ['an alias out of the zone', 'out', 'A'],
  ['an alias asked for', 'alias', 'CNAME'],
  ['a circle of aliases', 'one', 'A', { named: 'calls it SERVFAIL' }],
  ['an alias into a delegation', 'tosub', 'A'],
  ['a wildcard', 'x.w', 'A'],
  ['a wildcard for several labels', 'x.y.w', 'A'],
  ['a wildcard without the type', 'x.w', 'TXT'],
  ['a name that a wildcard does not stand for', 'host.w', 'A'],
  ['a name below such a one', 'x.host.w', 'A'],
  ['an empty non-terminal beside a wildcard', 'ent.w', 'A'],
  ['a name below that', 'y.ent.w', 'A'],
  ['a delegation beside a wildcard', 'x.sub.w', 'A', { named: minimal }],
  ['a wildcard asked for', '*.w', 'A'],
  ['* within a name', 'a.*.test', 'A'],
  ['a wildcard that is an empty non-terminal', 'x.e', 'A'],
  ['below that', 'f.*.e', 'A'],
  ['a wildcard alias', 'x.c', 'A'],
  ['a wildcard alias to a wildcard', 'x.cc', 'A'],
  ['a referral', 'host.sub', 'A'],
  ['a referral at the cut', 'sub', 'NS'],
  ['a referral with DS kept back', 'x.safe', 'A', { named: minimal }],
  ['DS at a cut', 'safe', 'DS'],
  ['no DS at a cut', 'sub', 'DS'],
  ['DS below a cut', 'x.sub', 'DS'],
  ['DS at the origin', '@', 'DS'],
  ['glue asked for', 'ns.sub', 'A'],
  ['a DNAME', 'a.b.old', 'TXT'],
  ['a DNAME to NXDOMAIN', 'x.old', 'A'],
  ['the alias made of a DNAME', 'a.b.old', 'CNAME'],
  ['a DNAME asked for', 'old', 'DNAME'],
  ['data at a DNAME', 'old', 'TXT'],
  ['a DNAME out of the zone', 'x.gone', 'A'],
  ['a DNAME into a delegation', 'x.intosub', 'A'],
  [
    'a DNAME to a name that is too long',
    `${long}.long`,
    'A',
    { knotd: 'calls it NXDOMAIN, which RFC 6672 §2.2 does not' },
  ],
  ['a label with a zero octet', 'nul\\000l', 'A'],
  ['a label with a dot', 'a\\.b', 'A'],
  ['the labels that look like it', 'a.b', 'A'],
];

/** Why others answer differently, by who does. */
type Decided = Partial<Readonly<Record<PeerKind, string>>>;

interop('answers are those of BIND, NSD and Knot', [...peerKinds], async () => {
  await using servers = await startAll([tricky]);
  const differences: string[] = [];
  for (const [why, name, type, decided = {}] of questions) {
    const asked = name === '@' ? tricky.origin : `${name}.${tricky.origin}`;
    // oxlint-disable-next-line no-await-in-loop -- a conversation
    const ours = await servers.ours.ask(asked, parseType(type));
    for (const [kind, peer] of servers.others) {
      // oxlint-disable-next-line no-await-in-loop -- a conversation
      const theirs = await peer.ask(asked, parseType(type));
      const same = JSON.stringify(ours) === JSON.stringify(theirs);
      if (same !== (decided[kind] === undefined))
        differences.push(`${why}, ${kind}: ${JSON.stringify({ ours, theirs })}`);
    }
  }
  expect(differences).toEqual([]);
});

/** What a reply is but for additional data, which servers add or leave out as they like. */
function core({ rcode, aa, tc, answer, authority }: PeerReply): string {
  return JSON.stringify({ rcode, aa, tc, answer, authority });
}

/** Aliases that lead to themselves: each server goes round as often as it likes, and BIND calls it SERVFAIL. */
function isCircle(ours: PeerReply, theirs: PeerReply): boolean {
  const unlike = new Set(theirs.answer.filter((line) => !ours.answer.includes(line)));
  const aliases = [...ours.answer, ...unlike].every((line) =>
    /^\S+ \d+ (?:cname|dname|rrsig) /.test(line),
  );
  const ends = ours.authority.some((line) => /^\S+ \d+ (?:soa|ns) /.test(line));
  return ours.rcode === 0 && ours.answer.length > 0 && aliases && !ends;
}

async function compare(zones: readonly PeerZone[], random: SeededRandom, dnssecOk: boolean) {
  await using servers = await startAll(zones);
  const differences: string[] = [];
  for (const zone of zones) {
    for (let round = 0; round < 40; round++) {
      const { name, type } = randomQuestion(random, zone.origin);
      // oxlint-disable-next-line no-await-in-loop -- a conversation
      const ours = await servers.ours.ask(name, parseType(type), dnssecOk);
      for (const [kind, peer] of servers.others) {
        // oxlint-disable-next-line no-await-in-loop -- a conversation
        const theirs = await peer.ask(name, parseType(type), dnssecOk);
        if (core(ours) === core(theirs) || isCircle(ours, theirs)) continue;
        if (dnssecOk && provesLess(ours, theirs, kind)) continue;
        differences.push(
          `${name} ${type}, ${kind}: ${JSON.stringify({ ours, theirs })}\n${zone.text}`,
        );
      }
    }
  }
  return differences;
}

/**
 * The same answer with other proofs: NSD leaves them out behind a DNAME, or gives that of another name; BIND and Knot leave
 * out that a wildcard is an empty non-terminal, Knot that a name with an asterisk in it does not exist. NSD gives more for a
 * wildcard asked for by its name.
 */
function provesLess(ours: PeerReply, theirs: PeerReply, kind: PeerKind): boolean {
  const isProof = (line: string): boolean => /^\S+ \d+ (?:rrsig )?nsec3? /.test(line);
  const bare = (reply: PeerReply): PeerReply => ({
    ...reply,
    authority: reply.authority.filter((line) => !isProof(line)),
  });
  const redirected = ours.answer.some((line) => line.includes(' dname '));
  const contains = (one: PeerReply, other: PeerReply): boolean =>
    other.authority.every((line) => one.authority.includes(line));
  return (
    core(bare(ours)) === core(bare(theirs)) &&
    ((kind === 'nsd' && (redirected || contains(theirs, ours))) || contains(ours, theirs))
  );
}

/** Another one makes other zones. */
const seed = Number(process.env['HAWSER_DNS_SEED'] ?? 1);

interop('random zones are answered as by BIND, NSD and Knot', [...peerKinds], async () => {
  const random = new SeededRandom(seed);
  const zones = Array.from({ length: 40 }, (_, index) => randomZone(random, `z${index}.test`));
  expect(await compare(zones, random, false)).toEqual([]);
});

for (const [chain, how] of [
  ['NSEC', []],
  ['NSEC3', ['-3', 'abcd', '-H', '3']],
] as const) {
  interop(
    `random zones signed with ${chain} are answered as by BIND, NSD and Knot`,
    [...peerKinds, 'dnssec-keygen', 'dnssec-signzone'],
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'hawser-dns-signed-'));
      try {
        const random = new SeededRandom(seed);
        const zones = Array.from({ length: 15 }, (_, index) =>
          sign(randomZone(random, `z${index}.test`), join(folder, String(index)), how),
        );
        expect(await compare(zones, random, true)).toEqual([]);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  );
}

function sign({ origin, text }: PeerZone, folder: string, chain: readonly string[]): PeerZone {
  mkdirSync(folder);
  const [plain, signed] = [join(folder, 'plain'), join(folder, 'signed')];
  writeFileSync(plain, text);
  const keys = ['-q', '-a', 'ECDSAP256SHA256', '-K', folder, origin];
  execFileSync('dnssec-keygen', keys, { stdio: 'pipe' });
  const how = ['-S', '-z', '-P', '-O', 'full', '-K', folder, '-d', folder, '-o', origin, ...chain];
  execFileSync('dnssec-signzone', [...how, '-f', signed, plain], { stdio: 'pipe' });
  return { origin, text: readFileSync(signed, 'utf8') };
}

// The answer algorithm, rule by rule (RFC 1034 §4.3.2, RFC 2308, 4592, 6604, 6672, 8020, 8482, 9460, 9471).
import { describe, expect, test, vi } from 'vitest';
import type { DnsQuery } from '../../src/contract/query.ts';
import { answerZone } from '../../src/handlers/answer-zone.ts';
import { Name } from '../../src/name.ts';
import { parseType, Rcode } from '../../src/numbers.ts';
import { answerFrom } from '../../src/zone/answer.ts';
import type { Zone } from '../../src/zone/zone.ts';
import { answerText, nameFrom, zoneFrom } from './zone-text.ts';

const soa = '@ SOA ns1 hostmaster 1 7200 900 1209600 60';

function ask(zone: Zone, question: string) {
  const [name = '', type = 'A'] = question.split(' ');
  const asked = nameFrom(name, zone.origin);
  const answer = answerFrom(zone, { key: asked.key, type: parseType(type) });
  const { rcode, aa, ...sections } = answerText(answer, asked, zone.origin);
  // What is empty says nothing.
  const filled = Object.entries(sections).filter(([, lines]) => lines.length > 0);
  return { rcode, aa, ...Object.fromEntries(filled) };
}

const yes = { rcode: Rcode.NoError, aa: true };
const nodata = { ...yes, authority: [soa] };
const nxdomain = { rcode: Rcode.NXDomain, aa: true, authority: [soa] };

/** A delegation to `count` servers, all of them within it. */
function delegatedTo(count: number): Zone {
  const servers = Array.from({ length: count }, (_, index) => `n${index}.sub`);
  return zoneFrom(servers.map((server) => `sub NS ${server}\n${server} A 192.0.2.1`).join('\n'));
}

describe('a delegation to many servers', () => {
  test.each([64, 65, 1000])('of %i has all their addresses as glue', (count) => {
    const answer = ask(delegatedTo(count), 'x.sub A');
    expect(answer).toHaveProperty('authority.length', count);
    expect(answer).toHaveProperty('glue.length', count);
    expect(answer).toHaveProperty(['glue', count - 1], `n${count - 1}.sub A 192.0.2.1`);
  });

  test('costs no addresses nobody reads, though it be asked for often', () => {
    const zone = delegatedTo(1000);
    const lookedUp = vi.spyOn(zone, 'node');
    const [{ key }, query] = [nameFrom('x.sub', zone.origin), { opcode: 0, type: 1 }];
    const answers = [1, 2, 3].map(() => answerZone(zone, { ...query, key } as DnsQuery));
    expect(lookedUp.mock.calls.length).toBeLessThan(10);
    for (const { glue } of answers) expect(glue).toHaveLength(1000);
  });
});

describe('data', () => {
  const zone = zoneFrom(`
    www A 192.0.2.1
    www A 192.0.2.2
    a.b.deep TXT "x"
    both A 192.0.2.3
    both TXT "somewhat longer"
  `);
  test.each([
    ['of the type asked for', 'www A', { ...yes, answer: ['www A 192.0.2.1', 'www A 192.0.2.2'] }],
    ['of another type is NODATA with SOA', 'www AAAA', nodata],
    ['of a name that is not there is NXDOMAIN with SOA', 'nobody A', nxdomain],
    ['below a name that is there but has none is NXDOMAIN', 'x.www A', nxdomain],
    ['at an empty non-terminal is NODATA, never NXDOMAIN', 'b.deep A', nodata],
    ['at the upmost empty non-terminal is NODATA', 'deep TXT', nodata],
    ['of any type at an empty non-terminal is NODATA', 'deep ANY', nodata],
    ['of any type is the smallest RRset', 'both ANY', { ...yes, answer: ['both A 192.0.2.3'] }],
    ['DS at the origin is NODATA', '@ DS', nodata],
    ['no authority section with a positive answer', '@ SOA', { ...yes, answer: [soa] }],
  ])('%s', (_, question, expected) => {
    expect(ask(zone, question)).toEqual(expected);
  });

  test('the SOA of a negative answer lives for the smaller of its TTL and its minimum', () => {
    for (const [ttl, minimum, expected] of [
      [10, 60, 10],
      [600, 60, 60],
    ]) {
      const other = zoneFrom(`@ ${ttl} SOA ns1 hm 1 2 3 4 ${minimum}\n@ NS ns1`);
      const { authority } = answerFrom(other, { key: Name.parse('x.example.net').key, type: 1 });
      expect(authority[0]?.ttl).toBe(expected);
    }
  });

  test('a negative answer says what it denies', () => {
    const denial = (name: string, type: string) =>
      answerFrom(zone, { key: nameFrom(name, zone.origin).key, type: parseType(type) }).denial;
    expect(denial('nobody', 'A')).toEqual({ kind: 'nxdomain', owner: 'question', types: [] });
    expect(denial('both', 'MX')).toEqual({ kind: 'nodata', owner: 'question', types: [1, 16] });
    expect(denial('deep', 'A')).toEqual({ kind: 'nodata', owner: 'question', types: [] });
    expect(denial('www', 'A')).toBeUndefined();
  });
});

describe('delegations', () => {
  const zone = zoneFrom(`
    ns1 A 192.0.2.1
    sub NS ns.sub
    sub NS ns.other
    sub NS ns1
    sub NS ns.example.org.
    ns.sub A 192.0.2.2
    ns.sub AAAA 2001:db8::2
    www.sub A 192.0.2.3
    other NS ns.other
    ns.other A 192.0.2.4
    signed NS ns1
    signed DS 1 13 2 ${'00'.repeat(32)}
    to CNAME www.sub
    mail MX 10 www.sub
    *.wild NS ns1
    x.y.sub.sub A 192.0.2.5
    here DNAME www
    there.here.sub DNAME www
  `);
  const referral = {
    rcode: Rcode.NoError,
    aa: false,
    authority: ['sub NS ns.sub', 'sub NS ns.other', 'sub NS ns1', 'sub NS ns.example.org.'],
    glue: ['ns.sub A 192.0.2.2', 'ns.sub AAAA 2001:db8::2'],
    additional: ['ns.other A 192.0.2.4', 'ns1 A 192.0.2.1'],
  };
  test.each([
    ['at the cut: a referral without AA, with the glue it needs', 'sub A', referral],
    ['NS at the cut is a referral too', 'sub NS', referral],
    ['any type at the cut is a referral too', 'sub ANY', referral],
    ['below the cut', 'a.b.sub A', referral],
    ['data below the cut is hidden', 'www.sub A', referral],
    ['glue is not answered', 'ns.sub A', referral],
    ['an empty non-terminal below the cut is hidden', 'y.sub.sub TXT', referral],
    ['a DNAME below the cut is hidden', 'x.there.here.sub A', referral],
    ['DS below the cut belongs to the child', 'x.sub DS', referral],
    ['DS at the cut is ours: NODATA', 'sub DS', nodata],
    ['DS at the cut', 'signed DS', { ...yes, answer: [`signed DS 1 13 2 ${'00'.repeat(32)}`] }],
    [
      'behind an alias: the chain with AA, and the referral',
      'to A',
      { ...referral, aa: true, answer: ['to CNAME www.sub'] },
    ],
    [
      'hidden addresses are not additional data',
      'mail MX',
      { ...yes, answer: ['mail MX 10 www.sub'] },
    ],
    ['NS of a wildcard delegates nothing', 'x.wild A', nodata],
    [
      'NS of a wildcard is data',
      'x.wild NS',
      { ...yes, answer: ['x.wild NS ns1'], additional: ['ns1 A 192.0.2.1'] },
    ],
  ])('%s', (_, question, expected) => {
    expect(ask(zone, question)).toEqual(expected);
  });

  test('a referral without DS says what the delegation does have', () => {
    const denialOf = (name: string) =>
      answerFrom(zone, { key: nameFrom(name, zone.origin).key, type: 1 }).denial;
    expect(denialOf('x.sub')).toEqual({
      kind: 'nodata',
      owner: nameFrom('sub', zone.origin),
      types: [2],
    });
    expect(denialOf('x.signed')).toBeUndefined();
  });
});

describe('wildcards', () => {
  const zone = zoneFrom(`
    ns1 A 192.0.2.1
    *.w A 192.0.2.6
    *.w MX 10 mail.w
    host.w TXT "x"
    x.ent.w TXT "x"
    sub.w NS ns1
    *.test A 192.0.2.7
    f.*.e A 192.0.2.8
    *.to CNAME ns1
    *.loop CNAME x.loop
    *.d DNAME ns1
    *.nothing CNAME nobody
    * TXT "top"
  `);
  test.each([
    ['stand for a name that is not there', 'x.w A', { ...yes, answer: ['x.w A 192.0.2.6'] }],
    ['stand for several labels', 'z.y.x.w A', { ...yes, answer: ['z.y.x.w A 192.0.2.6'] }],
    ['of another type: NODATA', 'x.w TXT', nodata],
    ['not for a name that is there', 'host.w A', nodata],
    ['not for a name below one that is there', 'x.host.w A', nxdomain],
    ['not for an empty non-terminal', 'ent.w A', nodata],
    ['not below an empty non-terminal', 'y.ent.w A', nxdomain],
    [
      'not below a delegation',
      'x.sub.w A',
      { rcode: 0, aa: false, authority: ['sub.w NS ns1'], additional: ['ns1 A 192.0.2.1'] },
    ],
    ['asked for literally', '*.w A', { ...yes, answer: ['*.w A 192.0.2.6'] }],
    ['a literal * in the middle is a name as any other', 'a.*.test A', nxdomain],
    ['that are an empty non-terminal: NODATA', 'x.e A', nodata],
    ['what is below such a one', 'f.*.e A', { ...yes, answer: ['f.*.e A 192.0.2.8'] }],
    ['an alias', 'x.to A', { ...yes, answer: ['x.to CNAME ns1', 'ns1 A 192.0.2.1'] }],
    [
      'an alias into itself ends',
      'a.loop A',
      { ...yes, answer: ['a.loop CNAME x.loop', 'x.loop CNAME x.loop'] },
    ],
    ['a DNAME of one redirects nothing', 'a.x.d A', nodata],
    ['any type', 'x.w ANY', { ...yes, answer: ['x.w A 192.0.2.6'] }],
    [
      'the closest one counts',
      'x.nothing TXT',
      { ...yes, answer: ['x.nothing CNAME nobody', 'nobody TXT "top"'] },
    ],
    ['one at the origin', 'x.y TXT', { ...yes, answer: ['x.y TXT "top"'] }],
    ['one at the origin does not stand for what another one encloses', 'x.w TXT', nodata],
  ])('%s', (_, question, expected) => {
    expect(ask(zone, question)).toEqual(expected);
  });
});

describe('aliases', () => {
  const links = Array.from({ length: 30 }, (_, index) => `l${index} CNAME l${index + 1}`);
  const zone = zoneFrom(`
    ns1 A 192.0.2.1
    www CNAME ns1
    out CNAME www.example.org.
    gone CNAME nobody
    self CNAME self
    one CNAME two
    two CNAME one
    MiXed CNAME NS1
    ${links.join('\n')}
  `);
  test.each([
    ['lead to the answer', 'www A', { ...yes, answer: ['www CNAME ns1', 'ns1 A 192.0.2.1'] }],
    ['asked for themselves', 'www CNAME', { ...yes, answer: ['www CNAME ns1'] }],
    ['asked for anything', 'www ANY', { ...yes, answer: ['www CNAME ns1'] }],
    [
      'the end of the chain has no such type: NODATA with SOA',
      'www AAAA',
      { ...nodata, answer: ['www CNAME ns1'] },
    ],
    [
      'the end of the chain is missing: NXDOMAIN',
      'gone A',
      { ...nxdomain, answer: ['gone CNAME nobody'] },
    ],
    ['out of the zone', 'out A', { ...yes, answer: ['out CNAME www.example.org.'] }],
    ['to itself', 'self A', { ...yes, answer: ['self CNAME self'] }],
    ['in a circle', 'one A', { ...yes, answer: ['one CNAME two', 'two CNAME one'] }],
    ['in another case', 'mixed A', { ...yes, answer: ['mixed CNAME NS1', 'NS1 A 192.0.2.1'] }],
  ])('%s', (_, question, expected) => {
    expect(ask(zone, question)).toEqual(expected);
  });

  test('a chain ends after 16 hops', () => {
    const reply = ask(zone, 'l0 A');
    expect(reply).toMatchObject({ rcode: Rcode.NoError, aa: true });
    expect('answer' in reply && reply.answer).toHaveLength(17);
  });
});

describe('DNAME', () => {
  const long = 'y'.repeat(60);
  const zone = zoneFrom(`
    ns1 A 192.0.2.1
    tree NS ns.tree2
    a.new A 192.0.2.2
    old DNAME new
    old A 192.0.2.3
    hidden.old A 192.0.2.4
    back.new CNAME a.old
    away DNAME example.org.
    long DNAME ${long}.${long}.${long}
    grows DNAME x.grows
    into DNAME tree
  `);
  test.each([
    [
      'redirects what is below',
      'a.old A',
      { ...yes, answer: ['old DNAME new', 'a.old CNAME a.new', 'a.new A 192.0.2.2'] },
    ],
    [
      'hides what is below',
      'hidden.old A',
      { ...nxdomain, answer: ['old DNAME new', 'hidden.old CNAME hidden.new'] },
    ],
    ['does not redirect itself', 'old A', { ...yes, answer: ['old A 192.0.2.3'] }],
    ['asked for itself', 'old DNAME', { ...yes, answer: ['old DNAME new'] }],
    [
      'asked for the alias it makes',
      'a.old CNAME',
      { ...yes, answer: ['old DNAME new', 'a.old CNAME a.new'] },
    ],
    [
      'passed twice comes once',
      'back.old A',
      {
        ...yes,
        answer: [
          'old DNAME new',
          'back.old CNAME back.new',
          'back.new CNAME a.old',
          'a.old CNAME a.new',
          'a.new A 192.0.2.2',
        ],
      },
    ],
    [
      'out of the zone',
      'x.away A',
      { ...yes, answer: ['away DNAME example.org.', 'x.away CNAME x.example.org.'] },
    ],
    [
      'to a name that would be too long is YXDOMAIN',
      `${long}.${long}.long A`,
      { rcode: Rcode.YXDomain, aa: true, answer: [`long DNAME ${long}.${long}.${long}`] },
    ],
    [
      'to below itself ends',
      'a.grows A',
      { ...yes, answer: ['grows DNAME x.grows', 'a.grows CNAME a.x.grows'] },
    ],
    [
      'into a delegation',
      'x.into A',
      {
        ...yes,
        answer: ['into DNAME tree', 'x.into CNAME x.tree'],
        authority: ['tree NS ns.tree2'],
      },
    ],
  ])('%s', (_, question, expected) => {
    expect(ask(zone, question)).toEqual(expected);
  });

  test('the alias it makes has its TTL', () => {
    const { answer } = answerFrom(zone, { key: Name.parse('a.old.example.net').key, type: 1 });
    expect(answer.map(({ rrset }) => rrset.ttl)).toEqual([300, 300, 300]);
  });
});

describe('additional data', () => {
  const zone = zoneFrom(`
    @ MX 10 mail
    @ MX 20 mx.example.org.
    @ HTTPS 0 svc
    ns1 A 192.0.2.1
    mail A 192.0.2.2
    mail AAAA 2001:db8::2
    _sip._tcp SRV 0 5 5060 mail
    svc HTTPS 0 svc2
    svc2 HTTPS 1 . alpn=h2
    svc2 A 192.0.2.3
    far HTTPS 1 mail
    none HTTPS 0 .
    none A 192.0.2.4
    turn HTTPS 0 turn2
    turn2 HTTPS 0 turn
    s NAPTR 10 10 "S" "SIP+D2T" "" _sip._tcp
    a NAPTR 10 10 "a" "x" "" mail
    u NAPTR 10 10 "U" "E2U+sip" "!^.*$!sip:a@example.net!" .
    afs AFSDB 1 mail
    kx KX 10 mail
    ptr PTR mail
  `);
  const mail = ['mail A 192.0.2.2', 'mail AAAA 2001:db8::2'];
  test.each([
    ['MX', '@ MX', mail],
    ['NS', '@ NS', ['ns1 A 192.0.2.1']],
    ['SRV', '_sip._tcp SRV', mail],
    ['AFSDB', 'afs AFSDB', mail],
    ['KX', 'kx KX', mail],
    ['a service elsewhere', 'far HTTPS', mail],
    ['a service at its own name', 'svc2 HTTPS', ['svc2 A 192.0.2.3']],
    [
      'a chain of service aliases',
      '@ HTTPS',
      ['svc HTTPS 0 svc2', 'svc2 HTTPS 1 . alpn=h2', 'svc2 A 192.0.2.3'],
    ],
    ['a circle of service aliases', 'turn HTTPS', ['turn2 HTTPS 0 turn']],
    ['no service', 'none HTTPS', undefined],
    ['NAPTR that leads to services', 's NAPTR', ['_sip._tcp SRV 0 5 5060 mail', ...mail]],
    ['NAPTR that leads to addresses', 'a NAPTR', mail],
    ['NAPTR that is the end', 'u NAPTR', undefined],
    ['none for PTR', 'ptr PTR', undefined],
  ])('of %s', (_, question, additional) => {
    const reply: Readonly<Record<string, unknown>> = ask(zone, question);
    expect(reply['additional']).toEqual(additional);
  });
});

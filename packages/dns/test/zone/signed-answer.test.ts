// What a zone that holds its proofs adds for those who ask for them (RFC 4035 §3.1).
import { describe, expect, test, vi } from 'vitest';
import { parseType, Rcode } from '../../src/numbers.ts';
import { rdataFromText } from '../../src/rdata/rdata-text.ts';
import { answerFrom } from '../../src/zone/answer.ts';
import { findNode } from '../../src/zone/find-node.ts';
import type { RRset } from '../../src/zone/rrset.ts';
import { Zone } from '../../src/zone/zone.ts';
import { answerText, apex, nameFrom, zoneFrom } from './zone-text.ts';

/** `zone` with an NSEC chain and with records that look like signatures: what they sign is not looked at. */
function sign(zone: Zone): Zone {
  const { origin } = zone;
  const nodes = [...zone.ordered()].filter(({ key, list }) => {
    const { at } = findNode(zone, key, parseType('DS'));
    return list.length > 0 && at === 'node';
  });
  const added: RRset[] = [];
  const add = (node: (typeof nodes)[number], type: string, ttl: number, data: string[]): void => {
    const number = parseType(type);
    const records = data.map((text) => rdataFromText(number, text, { origin }));
    added.push({ name: node.name, type: number, ttl, records });
  };
  for (const [index, node] of nodes.entries()) {
    const next = nodes[(index + 1) % nodes.length]?.name ?? origin;
    const cut = node.get(parseType('NS')) !== undefined && !node.name.equals(origin);
    const signed = node.list.filter(({ type }) => !cut || type === parseType('DS'));
    const types = [...node.list.map(({ type }) => `TYPE${type}`), 'NSEC', 'RRSIG'].join(' ');
    add(node, 'NSEC', 60, [`${next}. ${types}`]);
    const signature = (type: string): string =>
      `${type} 13 ${node.name.labelCount} 300 20300101000000 20200101000000 1 @ AAAA`;
    add(node, 'RRSIG', 300, [
      ...signed.map(({ type }) => signature(`TYPE${type}`)),
      signature('NSEC'),
    ]);
  }
  return Zone.of(origin, [...zone.rrsets(), ...added]);
}

const content = `${apex}
    a A 192.0.2.1
    alias CNAME a
    b.deep A 192.0.2.2
    m MX 10 a
    old DNAME deep
    safe NS ns.safe
    safe DS 1 13 2 ${'00'.repeat(32)}
    ns.safe A 192.0.2.3
    sub NS ns.sub
    sub NS a
    ns.sub A 192.0.2.4
    zz.sub A 192.0.2.5
    to CNAME x.w
    *.w A 192.0.2.6
    z A 192.0.2.7
`;
const zone = sign(zoneFrom(content));

function ask(question: string, dnssecOk = true, from = zone) {
  const [name = '', type = 'A'] = question.split(' ');
  const asked = nameFrom(name, from.origin);
  const answer = answerFrom(from, { key: asked.key, type: parseType(type), dnssecOk });
  // Of signatures what they cover, of NSEC where it leads.
  const short = (lines: readonly string[]): string[] =>
    lines.map((line) =>
      line
        .replace(/(RRSIG \S+) .*/, '$1')
        .replace(/(NSEC \S+) .*/, '$1')
        .replace(/(SOA|DS) .*/, '$1'),
    );
  const text = answerText(answer, asked, from.origin);
  return {
    rcode: text.rcode,
    aa: text.aa,
    answer: short(text.answer),
    authority: short(text.authority),
    glue: text.glue,
    additional: short(text.additional),
  };
}

const soa = ['@ SOA', '@ RRSIG SOA'];

describe('a signed zone', () => {
  test.each([
    ['signs what it answers', 'a A', { answer: ['a A 192.0.2.1', 'a RRSIG A'], authority: [] }],
    [
      'signs every link of a chain',
      'alias A',
      { answer: ['alias CNAME a', 'alias RRSIG CNAME', 'a A 192.0.2.1', 'a RRSIG A'] },
    ],
    [
      'signs additional data',
      'm MX',
      { answer: ['m MX 10 a', 'm RRSIG MX'], additional: ['a A 192.0.2.1', 'a RRSIG A'] },
    ],
    [
      'signs a DNAME, not the alias made of it',
      'b.old A',
      {
        answer: [
          'old DNAME deep',
          'old RRSIG DNAME',
          'b.old CNAME b.deep',
          'b.deep A 192.0.2.2',
          'b.deep RRSIG A',
        ],
      },
    ],
    [
      'NODATA: the NSEC of the name',
      'a AAAA',
      { rcode: 0, authority: [...soa, 'a NSEC alias', 'a RRSIG NSEC'] },
    ],
    [
      'NODATA at an empty non-terminal: the NSEC before it',
      'deep A',
      { rcode: 0, authority: [...soa, 'alias NSEC b.deep', 'alias RRSIG NSEC'] },
    ],
    [
      'NXDOMAIN: no such name, no wildcard',
      'q A',
      {
        rcode: Rcode.NXDomain,
        authority: [...soa, 'old NSEC safe', 'old RRSIG NSEC', '@ NSEC a', '@ RRSIG NSEC'],
      },
    ],
    [
      'NXDOMAIN: one NSEC for both',
      'a.a A',
      { rcode: Rcode.NXDomain, authority: [...soa, 'a NSEC alias', 'a RRSIG NSEC'] },
    ],
    [
      'a name right behind hidden ones: the NSEC of the delegation',
      'sub0 A',
      {
        rcode: Rcode.NXDomain,
        authority: [...soa, 'sub NSEC to', 'sub RRSIG NSEC', '@ NSEC a', '@ RRSIG NSEC'],
      },
    ],
    [
      'a wildcard: its signature, and that the name is not there',
      'x.w A',
      {
        rcode: 0,
        answer: ['x.w A 192.0.2.6', 'x.w RRSIG A'],
        authority: ['*.w NSEC z', '*.w RRSIG NSEC'],
      },
    ],
    [
      'a wildcard behind an alias',
      'to A',
      {
        answer: ['to CNAME x.w', 'to RRSIG CNAME', 'x.w A 192.0.2.6', 'x.w RRSIG A'],
        authority: ['*.w NSEC z', '*.w RRSIG NSEC'],
      },
    ],
    [
      'a wildcard without the type: both proofs',
      'x.w MX',
      { rcode: 0, answer: [], authority: [...soa, '*.w NSEC z', '*.w RRSIG NSEC'] },
    ],
    [
      'the last name: its NSEC leads around',
      'zz A',
      {
        rcode: Rcode.NXDomain,
        authority: [...soa, 'z NSEC @', 'z RRSIG NSEC', '@ NSEC a', '@ RRSIG NSEC'],
      },
    ],
    [
      'a signed delegation: DS, glue unsigned',
      'x.safe A',
      {
        aa: false,
        authority: ['safe NS ns.safe', 'safe DS', 'safe RRSIG DS'],
        glue: ['ns.safe A 192.0.2.3'],
        additional: [],
      },
    ],
    [
      'an unsigned delegation: its NSEC',
      'x.sub A',
      {
        aa: false,
        authority: ['sub NS ns.sub', 'sub NS a', 'sub NSEC to', 'sub RRSIG NSEC'],
        glue: ['ns.sub A 192.0.2.4'],
        additional: ['a A 192.0.2.1', 'a RRSIG A'],
      },
    ],
    [
      'DS of an unsigned delegation: NODATA with its NSEC',
      'sub DS',
      { aa: true, authority: [...soa, 'sub NSEC to', 'sub RRSIG NSEC'] },
    ],
    ['DS at the origin', '@ DS', { aa: true, authority: [...soa, '@ NSEC a', '@ RRSIG NSEC'] }],
    ['NSEC asked for', 'a NSEC', { answer: ['a NSEC alias', 'a RRSIG NSEC'] }],
    [
      'NSEC of an alias asked for',
      'alias NSEC',
      { answer: ['alias NSEC b.deep', 'alias RRSIG NSEC'] },
    ],
    ['signatures asked for', 'a RRSIG', { answer: ['a RRSIG A', 'a RRSIG NSEC'] }],
    ['anything is no signature', 'a ANY', { answer: ['a A 192.0.2.1', 'a RRSIG A'] }],
  ])('%s', (_, question, expected) => {
    expect(ask(question)).toMatchObject(expected);
  });

  test('keeps signatures and proofs from those who do not ask for them', () => {
    for (const question of ['a A', 'q A', 'a AAAA', 'x.w A', 'x.w MX', 'x.sub A', 'x.safe A']) {
      const { answer, authority, additional } = ask(question, false);
      expect([...answer, ...authority, ...additional].join()).not.toMatch(/NSEC|RRSIG|DS/);
    }
  });

  test('gives a signature the TTL of what it signs', () => {
    const key = nameFrom('q', zone.origin).key;
    const { authority } = answerFrom(zone, { key, type: 1, dnssecOk: true });
    expect(authority.map(({ ttl, rrset }) => ttl ?? rrset.ttl)).toEqual([60, 60, 60, 60, 60, 60]);
  });

  test('is signed as long as it changes, and proves what is new', () => {
    const name = nameFrom('q', zone.origin);
    const made = zone.change([
      {
        name,
        type: 1,
        rrset: { name, type: 1, ttl: 60, records: [rdataFromText(1, '192.0.2.9')] },
      },
      {
        name,
        type: 47,
        rrset: { name, type: 47, ttl: 60, records: [rdataFromText(47, 'safe.example.net. A')] },
      },
    ])?.zone;
    expect(ask('r A', true, made ?? zone).authority).toContain('q NSEC safe');
    expect(ask('r A').authority).toContain('old NSEC safe');
  });

  test('answers without proofs where its chain is broken', () => {
    const broken = Zone.of(
      zone.origin,
      [...zone.rrsets()].filter(({ type, name }) => type !== 47 || name.equals(zone.origin)),
    );
    expect(ask('a AAAA', true, broken).authority).toEqual(soa);
  });

  test('has no other answers than without signatures', () => {
    const plain = zoneFrom(content);
    for (const question of [
      'a A',
      'q A',
      'deep A',
      'x.w A',
      'x.sub A',
      'to A',
      'b.old A',
      'sub DS',
    ]) {
      expect(ask(question, false)).toEqual(ask(question, true, plain));
    }
  });
});

test('a name below a hundred empty non-terminals is denied with one walk', () => {
  const deep = sign(zoneFrom(`${apex}\n${'b.'.repeat(115)}b A 192.0.2.1\n`));
  const looks = vi.spyOn(deep, 'findable');
  const { rcode, authority } = ask(`a.${'b.'.repeat(113)}b A`, true, deep);
  expect(rcode).toBe(Rcode.NXDomain);
  expect(authority.filter((line) => / NSEC /.test(line))).toHaveLength(1);
  // Once for each label of the name, and not for each empty non-terminal again.
  expect(looks.mock.calls.length).toBeLessThanOrEqual(115);
});

test('what a delegation or a DNAME hides proves nothing, what hides it does', () => {
  const hiding = sign(
    zoneFrom(`${apex}
      c NS ns.c
      ns.c A 192.0.2.1
      a.b.c A 192.0.2.1
      e DNAME z
      z A 192.0.2.1
    `),
  );
  const spans = (question: string) =>
    ask(question, true, hiding)
      .authority.filter((line) => / NSEC /.test(line))
      .map((line) => line.split(' ')[0]);
  expect(spans('d A')).toEqual(['c', '@']);
  expect(spans('f A')).toEqual(['e', '@']);
});

import { expect, test } from 'vitest';
import { Name } from '../../src/name.ts';
import { formatType, parseType } from '../../src/numbers.ts';
import { rdataToText } from '../../src/rdata/rdata-text.ts';
import { createRRset, type RRset } from '../../src/zone/rrset.ts';
import { Zone } from '../../src/zone/zone.ts';
import { formatRRset, formatZone } from '../../src/zone-file/format-zone.ts';
import { parseZone } from '../../src/zone-file/parse-zone.ts';
import { randomText, textTypes } from '../rdata/random-rdata.ts';
import { Seeded } from '../seeded.ts';

const origin = Name.parse('example.net');
const source = `
$TTL 1h
@ SOA ns1 host\\.master 2026112301 7200 900 1209600 60
@ NS ns2.example.org.
@ NS ns1
ns1 300 A 192.0.2.2
ns1 300 A 192.0.2.1
Www.a TXT "a \\"b\\"" "\\;\\000"
* CNAME a-name-that-is-longer-than-its-column
a-name-that-is-longer-than-its-column 60 TYPE65280 \\# 2 0102
a A 192.0.2.3
`;

const printed = `$ORIGIN example.net.
@                        3600     IN  SOA        ns1 host\\.master (
                         2026112301   ; serial
                         7200         ; refresh
                         900          ; retry
                         1209600      ; expire
                         60         ) ; minimum
@                        3600     IN  NS         ns1
@                        3600     IN  NS         ns2.example.org.
*                        3600     IN  CNAME      a-name-that-is-longer-than-its-column
a                        3600     IN  A          192.0.2.3
Www.a                    3600     IN  TXT        "a \\"b\\"" ";\\000"
a-name-that-is-longer-than-its-column 60       IN  TYPE65280  \\# 2 0102
ns1                      300      IN  A          192.0.2.1
ns1                      300      IN  A          192.0.2.2
`;

test('a zone is written in canonical order, names relative, in columns', () => {
  const { rrsets, errors } = parseZone(source, { origin });
  expect(errors).toEqual([]);
  expect(formatZone(Zone.of(origin, rrsets))).toBe(printed);
  expect(formatZone(rrsets, { origin })).toBe(printed);
  expect(formatZone(parseZone(printed, { origin }).rrsets, { origin })).toBe(printed);
});

test('without an origin every name is whole', () => {
  const rrset = createRRset(Name.parse('a.example.net'), parseType('MX'), {
    ttl: 60,
    values: ['10 m.example.net'],
  });
  expect(formatRRset(rrset).replaceAll(/ +/g, ' ')).toBe(
    'a.example.net. 60 IN MX 10 m.example.net.\n',
  );
});

test('signatures have the TTL of what they sign, each its own', () => {
  const rest = '20300101000000 20200101000000 1 example.net. AAAA';
  const lines = [`a 60 RRSIG A 13 3 60 ${rest}`, `a 90 RRSIG TXT 13 3 90 ${rest}`];
  const { rrsets, warnings } = parseZone(lines.join('\n'), { origin, check: false });
  expect(warnings).toEqual([]);
  const text = formatZone(rrsets, { origin }).replaceAll(/ +/g, ' ');
  expect(text.match(/a \d+ IN RRSIG \S+/g)).toEqual(['a 60 IN RRSIG A', 'a 90 IN RRSIG TXT']);
});

/** What is in a zone, in one order. The TTL of a signature is in it. */
function contentOf(rrsets: Iterable<RRset>): string[] {
  return Array.from(rrsets, ({ name, type, ttl, records }) =>
    records.map(
      (rdata) =>
        `${name} ${formatType(type) === 'RRSIG' ? '' : ttl} ${formatType(type)} ${rdataToText(type, rdata)}`,
    ),
  )
    .flat()
    .sort();
}

test('random zones of every type: text to zone to text to zone', () => {
  for (let seed = 0; seed < 25; seed++) {
    const random = new Seeded(seed);
    const lines = ['@ 60 SOA a b 1 2 3 4 5', '@ 60 NS c'];
    const alone = new Set(['SOA', 'CNAME', 'DNAME', 'NS']);
    for (const type of textTypes) {
      if (alone.has(type)) continue;
      const owner = Name.fromLabels([random.octets(1 + random.below(9)), Buffer.from('x')]);
      const text = randomText(type, random);
      lines.push(`${owner} ${random.below(2 ** 31)} ${type} ${text === '' ? '\\# 0' : text}`);
    }
    const first = parseZone(lines.join('\n'), { origin });
    expect(first.errors).toEqual([]);
    const zone = Zone.of(origin, first.rrsets);
    const text = formatZone(zone);
    const second = parseZone(text, { origin });
    expect(second.errors).toEqual([]);
    expect(contentOf(second.rrsets)).toEqual(contentOf(first.rrsets));
    expect(formatZone(Zone.of(origin, second.rrsets))).toBe(text);
  }
});

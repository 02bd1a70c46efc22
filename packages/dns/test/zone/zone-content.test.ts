import { expect, test } from 'vitest';
import { atOnce } from '../../src/in-turns.ts';
import { Name } from '../../src/name.ts';
import { formatType } from '../../src/numbers.ts';
import { Zone } from '../../src/zone/zone.ts';
import { SourceReader } from '../../src/zone-file/source-reader.ts';
import { ZoneGatherer } from '../../src/zone-file/zone-gatherer.ts';

const origin = Name.parse('example.net');
const apex = ['@ 60 SOA ns1 host 1 2 3 4 5', '@ 60 NS ns1', 'ns1 60 A 192.0.2.1'];

/** A zone made of content that was gathered by name, and one of its RRsets. */
function zonesOf(lines: readonly string[]): readonly Zone[] {
  const gather = (): ZoneGatherer => {
    const gatherer = new ZoneGatherer(origin, { file: 'test' });
    const reader = new SourceReader('test', origin, gatherer);
    reader.feed(Buffer.from(`${[...apex, ...lines].join('\n')}\n`), true);
    reader.advance();
    expect(gatherer.errors).toEqual([]);
    return gatherer;
  };
  return [
    atOnce(Zone.builder(origin).finishing(gather().records)),
    Zone.of(origin, gather().records.rrsets()),
  ];
}

function namesOf(zone: Zone): string[] {
  return Array.from(zone.ordered(), ({ name, key, children, list }) => {
    const types = list.map(({ type }) => formatType(type)).sort();
    expect(zone.node(key)?.name.toString()).toBe(name.toString());
    return `${name} ${children} ${types.join(' ')}`;
  });
}

test.each<[string, readonly string[]]>([
  ['alone', []],
  ['many below the origin', Array.from({ length: 3_000 }, (_, at) => `n${at} 60 A 192.0.2.1`)],
  [
    'several RRsets of a name',
    ['a 60 A 192.0.2.1', 'a 60 TXT "x"', 'b 60 A 192.0.2.1', 'a 60 MX 1 b'],
  ],
  [
    'a parent behind its children',
    ['a.b.c 60 A 192.0.2.1', 'c 60 A 192.0.2.1', 'b.c 60 A 192.0.2.1'],
  ],
  [
    'names that exist for those below',
    ['a.B.c.D 60 A 192.0.2.1', 'e.b.c.d 60 A 192.0.2.1', 'x.D 60 A 192.0.2.1'],
  ],
  [
    'names spelled in both cases',
    ['WWW 60 A 192.0.2.1', 'www 60 TXT "x"', 'mail.WWW 60 A 192.0.2.1'],
  ],
  [
    'the same end in other labels',
    ['xa 60 A 192.0.2.1', 'a 60 A 192.0.2.1', '1.xa 60 A 192.0.2.1', '1.a 60 A 192.0.2.1'],
  ],
])('a zone of gathered names is the zone of their RRsets: %s', (_, lines) => {
  const [gathered, added] = zonesOf(lines).map((zone) => [zone.size, namesOf(zone)]);
  expect(gathered).toEqual(added);
});

test('a zone needs a start of authority in gathered content, too', () => {
  const gatherer = new ZoneGatherer(origin, { file: 'test' });
  expect(() => atOnce(Zone.builder(origin).finishing(gatherer.records))).toThrow(
    expect.objectContaining({ code: 'HAWSER_DNS_ZONE' }),
  );
});

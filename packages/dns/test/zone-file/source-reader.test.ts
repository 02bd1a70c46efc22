import { expect, test } from 'vitest';
import { Name } from '../../src/name.ts';
import { formatZone } from '../../src/zone-file/format-zone.ts';
import { parseZone } from '../../src/zone-file/parse-zone.ts';
import { SourceReader } from '../../src/zone-file/source-reader.ts';
import { ZoneGatherer } from '../../src/zone-file/zone-gatherer.ts';
import { Seeded } from '../seeded.ts';

const source = Buffer.from(
  '\ufeff$TTL 60\r\na A 192.0.2.1 ; "comment\r\n  AAAA ( ::1\n ) ; (\n\nb TXT "x;\\"y" "(" \\"z\\010\n' +
    'c A 1\nd TXT "open\ne A ( 192.0.2.2 ; )\n )\nf TXT a\\ b\\;c\n$ORIGIN sub\n@ MX 10 m\nlast TXT \\\\',
);

/** What is gathered from pieces, each given when the one before was read. */
function gather(pieces: readonly Buffer[]): unknown {
  const origin = Name.parse('example.net');
  const gatherer = new ZoneGatherer(origin, { file: 'z' });
  const reader = new SourceReader('z', origin, gatherer);
  for (const piece of pieces) {
    // Memory of its own, as if it came from a disk.
    reader.feed(Buffer.from(piece), false);
    reader.advance();
  }
  reader.feed(Buffer.alloc(0), true);
  reader.advance();
  const rrsets = [...gatherer.records.rrsets()];
  return {
    errors: gatherer.errors,
    records: rrsets.map(({ name, type, ttl, records }) => [
      `${name} ${type} ${ttl}`,
      records.map(({ wire }) => wire.toString('hex')),
    ]),
  };
}

test('a source cut anywhere is read as the whole', () => {
  const whole = gather([source]);
  expect(whole).toMatchObject({
    errors: [
      { line: 7, column: 5 },
      { line: 8, column: 7 },
    ],
    records: { length: 7 },
  });
  for (let at = 1; at < source.length; at++) {
    expect(gather([source.subarray(0, at), source.subarray(at)])).toEqual(whole);
  }
  for (const size of [1, 2, 3, 7]) {
    const pieces = Array.from({ length: Math.ceil(source.length / size) }, (_, index) =>
      source.subarray(index * size, (index + 1) * size),
    );
    expect(gather(pieces)).toEqual(whole);
  }
});

test('mutated sources never throw, and what they hold is written and read alike', () => {
  const random = new Seeded(7);
  const odd = [
    '\n',
    '\r',
    '\t',
    ' ',
    '"',
    '(',
    ')',
    ';',
    '\\',
    '@',
    '.',
    '\0',
    '\u00ff',
    '$GENERATE 1-3 ',
  ];
  for (let round = 0; round < 500; round++) {
    let text = source.toString('latin1');
    for (let left = 1 + random.below(4); left > 0; left--) {
      const at = random.below(text.length);
      text = text.slice(0, at) + random.pick(odd) + text.slice(at + random.below(3));
    }
    const origin = Name.parse('example.net');
    const { rrsets } = parseZone(Buffer.from(text, 'latin1'), { origin });
    const written = formatZone(rrsets, { origin });
    const again = parseZone(written, { origin, check: false });
    expect(again.errors).toEqual([]);
    expect(formatZone(again.rrsets, { origin })).toBe(written);
  }
});

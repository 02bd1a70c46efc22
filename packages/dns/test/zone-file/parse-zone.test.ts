import { describe, expect, test } from 'vitest';
import { formatType, parseType } from '../../src/numbers.ts';
import { rdataToText } from '../../src/rdata/rdata-text.ts';
import { type ParseZoneOptions, parseZone } from '../../src/zone-file/parse-zone.ts';
import { formatProblem } from '../../src/zone-file/problem.ts';

const head =
  '@ 3600 SOA ns1 hostmaster 1 7200 900 1209600 60\n@ 3600 NS ns1\nns1 3600 A 192.0.2.1\n';

interface Read {
  /** Without those of {@link head}. */
  readonly records: readonly string[];
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

function read(source: string | Uint8Array, options: Partial<ParseZoneOptions> = {}): Read {
  const text = typeof source === 'string' ? `${head}${source}` : source;
  const parsed = parseZone(text, { origin: 'example.net', file: 'z', ...options });
  const all = parsed.rrsets.flatMap(({ name, type, ttl, records }) =>
    records.map((rdata) => `${name} ${ttl} ${formatType(type)} ${rdataToText(type, rdata)}`),
  );
  return {
    records: all.filter((line) => !/^(?:example\.net 3600 (?:SOA|NS)|ns1\.)/.test(line)),
    errors: parsed.errors.map(formatProblem),
    warnings: parsed.warnings.map(formatProblem),
  };
}

/** The records of a source without any problem. */
function records(
  source: string | Uint8Array,
  options: Partial<ParseZoneOptions> = {},
): readonly string[] {
  const { records: found, errors, warnings } = read(source, options);
  expect([...errors, ...warnings]).toEqual([]);
  return found;
}

describe('entries (RFC 1035 §5.1)', () => {
  const rows: readonly (readonly [rule: string, source: string, ...records: string[]])[] = [
    [
      'a comment ends at the line end',
      'a 60 A 192.0.2.7 ; not " ( read\n',
      'a.example.net 60 A 192.0.2.7',
    ],
    ['a semicolon in quotes is text', 'a 60 TXT "b;c" ; d\n', 'a.example.net 60 TXT "b;c"'],
    ['an escaped semicolon is text', 'a 60 TXT b\\;c\n', 'a.example.net 60 TXT "b;c"'],
    [
      'parentheses go over lines and comments',
      'a 60 ( A ; what\n\n 192.0.2.7 ) ; done\nb 60 A 192.0.2.8\n',
      'a.example.net 60 A 192.0.2.7',
      'b.example.net 60 A 192.0.2.8',
    ],
    ['parentheses stand for blanks', 'a 60 A(192.0.2.7)\n', 'a.example.net 60 A 192.0.2.7'],
    [
      'a line of blanks and comments is nothing',
      '  \t ; x\n\n;\na 60 A 192.0.2.7',
      'a.example.net 60 A 192.0.2.7',
    ],
    [
      'a blank first column is the owner before',
      'a 60 A 192.0.2.7\n  60 AAAA ::7\n\t60 TXT x\n',
      'a.example.net 60 A 192.0.2.7',
      'a.example.net 60 AAAA ::7',
      'a.example.net 60 TXT "x"',
    ],
    ['@ is the origin', '@ 60 TXT x\n', 'example.net 60 TXT "x"'],
    ['an escaped @ is a label', '\\@ 60 TXT x\n', '\\@.example.net 60 TXT "x"'],
    [
      'names with a dot are whole',
      'a.example.net. 60 CNAME b.example.org.\n',
      'a.example.net 60 CNAME b.example.org.',
    ],
    [
      'names without one are relative',
      'a.b 60 CNAME c\n',
      'a.b.example.net 60 CNAME c.example.net.',
    ],
    ['a label may hold a dot', 'a\\.b 60 A 192.0.2.7\n', 'a\\.b.example.net 60 A 192.0.2.7'],
    [
      'a label may hold any octet',
      '\\000\\255\\032x 60 A 192.0.2.7\n',
      '\\000\\255\\032x.example.net 60 A 192.0.2.7',
    ],
    ['TTL before class', 'a 60 IN A 192.0.2.7\n', 'a.example.net 60 A 192.0.2.7'],
    ['class before TTL', 'a in 60 A 192.0.2.7\n', 'a.example.net 60 A 192.0.2.7'],
    ['the class by its number', 'a 60 CLASS1 A 192.0.2.7\n', 'a.example.net 60 A 192.0.2.7'],
    [
      'TTLs with units',
      'a 1h30m A 192.0.2.7\nb 1W2d3H4m5S A 192.0.2.7\n',
      'a.example.net 5400 A 192.0.2.7',
      'b.example.net 788645 A 192.0.2.7',
    ],
    ['types in any case', 'a 60 aaaa ::7\n', 'a.example.net 60 AAAA ::7'],
    ['types by number', 'a 60 TYPE1 192.0.2.7\n', 'a.example.net 60 A 192.0.2.7'],
    ['any data in generic form', 'a 60 A \\# 4 C0 000207\n', 'a.example.net 60 A 192.0.2.7'],
    [
      'unknown types',
      'a 60 TYPE65280 \\# 3 ( 01\n 0203 )\n',
      'a.example.net 60 TYPE65280 \\# 3 010203',
    ],
    [
      'lines that end in CR LF',
      'a 60 A 192.0.2.7\r\nb 60 TXT x\r\n',
      'a.example.net 60 A 192.0.2.7',
      'b.example.net 60 TXT "x"',
    ],
    ['tabs', 'a\t60\tIN\tA\t192.0.2.7\n', 'a.example.net 60 A 192.0.2.7'],
    [
      'strings with quotes and octets in them',
      'a 60 TXT "a\\"b\\\\ \\000" c\\"d ""\n',
      'a.example.net 60 TXT "a\\"b\\\\ \\000" "c\\"d" ""',
    ],
    ['strings without a blank between', 'a 60 TXT "a""b"c\n', 'a.example.net 60 TXT "a" "b" "c"'],
    ['octets above 127', 'a 60 TXT "é"\n', 'a.example.net 60 TXT "\\195\\169"'],
    ['a last line without end', 'a 60 A 192.0.2.7', 'a.example.net 60 A 192.0.2.7'],
    [
      'an owner that looks like a type or a TTL',
      'A 60 A 192.0.2.7\n300 60 A 192.0.2.8\nIN 60 A 192.0.2.9\n',
      'A.example.net 60 A 192.0.2.7',
      '300.example.net 60 A 192.0.2.8',
      'IN.example.net 60 A 192.0.2.9',
    ],
    [
      'records twice count once',
      'a 60 A 192.0.2.7\na 60 A 192.0.2.7\n',
      'a.example.net 60 A 192.0.2.7',
    ],
    [
      'names twice in another case count once',
      'a 60 PTR b\na 60 PTR B\n',
      'a.example.net 60 PTR b.example.net.',
    ],
    [
      'a name is spelled as it was first',
      'Aa 60 A 192.0.2.7\naA 60 A 192.0.2.8\n',
      'Aa.example.net 60 A 192.0.2.7',
      'Aa.example.net 60 A 192.0.2.8',
    ],
  ];
  test.each(rows)('%s', (_rule, source, ...expected) => {
    expect(records(source)).toEqual(expected);
  });

  test('a byte order mark is passed over', () => {
    const source = Buffer.concat([
      Buffer.from([0xef, 0xbb, 0xbf]),
      Buffer.from(`${head}a 60 A 192.0.2.7\n`),
    ]);
    expect(records(source)).toEqual(['a.example.net 60 A 192.0.2.7']);
  });
});

describe('TTLs that are not given (RFC 2308 §4)', () => {
  test('$TTL', () => {
    expect(records('$TTL 2h\na A 192.0.2.7\n$TTL 30\nb A 192.0.2.7\n')).toEqual([
      'a.example.net 7200 A 192.0.2.7',
      'b.example.net 30 A 192.0.2.7',
    ]);
  });
  test('else the last one', () => {
    expect(records('a 77 A 192.0.2.7\nb A 192.0.2.7\n')[1]).toBe('b.example.net 77 A 192.0.2.7');
  });
  test('else the minimum of the SOA, for itself too', () => {
    const source = Buffer.from(
      '@ SOA ns1 hostmaster 1 7200 900 1209600 61\n@ NS ns1\nns1 A 192.0.2.1\n',
    );
    const { rrsets } = parseZone(source, { origin: 'example.net' });
    expect(rrsets.map(({ ttl }) => ttl)).toEqual([61, 61, 61]);
  });
  test('else it is an error, unless the program says one', () => {
    const source = Buffer.from('a A 192.0.2.7\n');
    expect(read(source, { check: false }).errors).toEqual([
      'z:1:5: Cannot read the record as it has no TTL, and neither $TTL nor a record before gave one: "192.0.2.7"',
    ]);
    expect(records(source, { check: false, ttl: 5 })).toEqual(['a.example.net 5 A 192.0.2.7']);
  });
});

describe('directives', () => {
  test('$ORIGIN, absolute and relative', () => {
    const source = '$ORIGIN b\na 60 CNAME @\n$ORIGIN c.example.net.\na 60 CNAME d\n';
    expect(records(source)).toEqual([
      'a.b.example.net 60 CNAME b.example.net.',
      'a.c.example.net 60 CNAME d.c.example.net.',
    ]);
  });

  test('$INCLUDE reads another source, whose origin and owner end with it', () => {
    const files: Record<string, string> = {
      'sub/one': 'x 60 A 192.0.2.7\n$ORIGIN elsewhere.example.net.\ny 60 A 192.0.2.8\n',
      two: 'x 60 A 192.0.2.9\n',
    };
    const asked: string[] = [];
    const found = records(
      '$INCLUDE sub/one\nz 60 A 192.0.2.10\n$include "two" b ; there\n  60 TXT z\n',
      {
        include: (file, from) => {
          asked.push(`${file} from ${from}`);
          return files[file] ?? '';
        },
      },
    );
    expect(asked).toEqual(['sub/one from z', 'two from z']);
    expect(found).toEqual([
      'x.example.net 60 A 192.0.2.7',
      'y.elsewhere.example.net 60 A 192.0.2.8',
      'z.example.net 60 A 192.0.2.10',
      'z.example.net 60 TXT "z"',
      'x.b.example.net 60 A 192.0.2.9',
    ]);
  });

  test('$INCLUDE of what cannot be read, or of itself, is an error where it stands', () => {
    const { errors } = read('$INCLUDE gone\n', {
      include: () => {
        throw new Error('no such thing');
      },
    });
    expect(errors).toEqual(['z:4:10: Cannot include "gone" as it cannot be read: no such thing']);
    expect(read('$INCLUDE x\n').errors).toHaveLength(1);
    const self = read('$INCLUDE self\n', { include: () => '\n$INCLUDE self\n' });
    expect(self.errors).toEqual([
      'self:2:10: Cannot include "self" as includes are nested 8 deep at most',
    ]);
  });

  test('errors in an included source name it', () => {
    const { errors } = read('$INCLUDE other\n', { include: () => '\n a A 1\n' });
    expect(errors).toEqual(['other:2:2: Cannot use the owner before as there is none']);
  });

  const rows: readonly (readonly [source: string, ...records: string[]])[] = [
    [
      '$GENERATE 1-3 a$ 60 A 192.0.2.$',
      'a1.example.net 60 A 192.0.2.1',
      'a2.example.net 60 A 192.0.2.2',
      'a3.example.net 60 A 192.0.2.3',
    ],
    [
      '$GENERATE 0-10/5 a$ 60 IN PTR b$',
      'a0.example.net 60 PTR b0.example.net.',
      'a5.example.net 60 PTR b5.example.net.',
      'a10.example.net 60 PTR b10.example.net.',
    ],
    ['$GENERATE 9-9 a${1,3,d} 60 TXT ${-10,4,d}', 'a010.example.net 60 TXT "-001"'],
    [
      '$GENERATE 255-255 a${0,4,x} 60 TXT ${0,4,X} ${0,0,o}',
      'a00ff.example.net 60 TXT "00FF" "377"',
    ],
    ['$GENERATE 10-10 a${0,7,n} 60 TXT ${0,8,N}', 'aa.0.0.0.example.net 60 TXT "A.0.0.0."'],
    ['$GENERATE 5-5 a\\$ 60 TXT "$$ $"', 'a\\$.example.net 60 TXT "$" "5"'],
    ['$GENERATE 5-5 a 60 MX 10 m$', 'a.example.net 60 MX 10 m5.example.net.'],
  ];
  test.each(rows)('%s', (source, ...expected) => {
    const { records: found, errors } = read(`${source}\n`);
    expect(errors).toEqual([]);
    expect(found).toEqual(expected);
  });

  test('$GENERATE has a limit, and says for which number something is wrong', () => {
    expect(read('$GENERATE 1-5 a$ 60 A 192.0.2.$\n', { maxGenerated: 4 }).errors).toEqual([
      'z:4:23: Cannot read the template of $GENERATE as a zone generates at most 4 records: "192.0.2.$"',
    ]);
    expect(read('$GENERATE 254-999 a$ 60 A 192.0.2.$\n').errors).toEqual([
      'z:4:27: Cannot read the address of A as it is an IPv4 address: "192.0.2.256" (generated for 256)',
    ]);
    expect(read('$GENERATE 5-1 a$ 60 A 192.0.2.$\n').errors).toHaveLength(1);
    expect(read('$GENERATE 1-2 a${x} 60 A 192.0.2.$\n').errors).toHaveLength(1);
    expect(read('$GENERATE 1-4000000000 a$ 60 A 192.0.2.1\n').errors).toHaveLength(1);
  });
});

describe('errors', () => {
  const rows: readonly (readonly [source: string, ...problems: string[]])[] = [
    [
      'a 60 A 192.0.2.999',
      '4:8: Cannot read the address of A as it is an IPv4 address: "192.0.2.999"',
    ],
    ['a 60 A', '4:7: Cannot read the address of A as the record ends'],
    ['a 60 A 192.0.2.7 x', '4:18: Cannot read the data of A as nothing may follow its data: "x"'],
    ['a 60 BOGUS 1', '4:6: Cannot read the type as it is no type of record: "BOGUS"'],
    ['a 60 AXFR 1', '4:6: Cannot read the type as it is for questions and not for zones: "AXFR"'],
    [
      'a 60 CH A 192.0.2.7',
      '4:6: Cannot read the class as only records of class IN are kept: "CH"',
    ],
    [
      'a 3000000000 A 192.0.2.7',
      '4:3: Cannot read the TTL as it is at most 2147483647 seconds: "3000000000"',
    ],
    [
      'a 1y A 192.0.2.7',
      '4:3: Cannot read the TTL as it is a number of seconds, or of units as in 1h30m: "1y"',
    ],
    ['a..b 60 A 192.0.2.7', '4:1: Cannot read the owner as a name has no empty label: "a..b"'],
    [
      `${'a'.repeat(64)} 60 A 192.0.2.7`,
      `4:1: Cannot read the owner as a label has at most 63 octets: "${'a'.repeat(64)}"`,
    ],
    [
      'a\\256 60 A 192.0.2.7',
      '4:1: Cannot read the owner as a backslash stands before a character or three digits up to 255: "a\\256"',
    ],
    [
      'a.example.org. 60 A 192.0.2.7',
      '4:1: Cannot keep A of "a.example.org" as it is not in "example.net"',
    ],
    [
      'xexample.net. 60 A 192.0.2.7',
      '4:1: Cannot keep A of "xexample.net" as it is not in "example.net"',
    ],
    [
      'a 60 SOA b c 1 2 3 4 5',
      '4:1: Cannot keep SOA of "a.example.net" as the zone begins at "example.net"',
    ],
    ['a 60 TXT "b', '4:10: Cannot end the line as this quote is open'],
    ['a 60 A 192.0.2.7 )', '4:18: Cannot close a parenthesis as none is open'],
    ['a 60 A ( 192.0.2.7', '4:8: Cannot end the record as this parenthesis is open'],
    [
      '$DATE x',
      '4:1: Cannot read the directive as it is $ORIGIN, $TTL, $INCLUDE or $GENERATE: "$DATE"',
    ],
    ['$ORIGIN a b', '4:11: Cannot read the origin as nothing may follow its data: "b"'],
    [
      'a 60 A \\# 3 010203',
      '4:13: Cannot read the data of A as it breaks the rules of its type: "010203"',
    ],
    [
      'a 60 A \\# 4 010203',
      '4:13: Cannot read the generic data as its length is given as 4 octets: "010203"',
    ],
    [
      `a 60 TXT ${'x'.repeat(256)}`,
      `4:10: Cannot read the text of TXT as a string has at most 255 octets: "${'x'.repeat(80)}"`,
    ],
    ['a 60 MX 70000 b', '4:9: Cannot read the preference of MX as it is 0 to 65535: "70000"'],
    [
      'a 60 TYPE999 x',
      '4:14: Cannot read the data of TYPE999 as it is written as "\\#", its length and hexadecimal digits: "x"',
    ],
  ];
  test.each(rows)('%s', (source, ...expected) => {
    const { errors, records: found } = read(`${source}\nlast 60 A 192.0.2.9\n`);
    expect(errors).toEqual(expected.map((problem) => `z:${problem}`));
    // What comes behind is read all the same.
    expect(found).toEqual(['last.example.net 60 A 192.0.2.9']);
  });

  test('all of them are listed, with their lines, up to a limit', () => {
    const source = 'a 60 A 1\nb 60 A (\n 1 )\n\nc 60 A 1\n';
    expect(read(source).errors.map((line) => line.slice(0, 5))).toEqual([
      'z:4:8',
      'z:6:2',
      'z:8:8',
    ]);
    expect(read('a 60 A 1\n'.repeat(500)).errors).toHaveLength(100);
    expect(read('a 60 A 1\n'.repeat(500), { maxProblems: 7 }).errors).toHaveLength(7);
  });

  test('a record of more than a mebibyte has lost a parenthesis: the next line is read', () => {
    const source = `a 60 TXT (\nb 60 A 192.0.2.7\n${'c 60 A 192.0.2.7\n'.repeat(70_000)}`;
    const { errors, records: found } = read(source);
    expect(errors).toEqual(['z:4:10: Cannot end the record as this parenthesis is open']);
    expect(found).toEqual(['b.example.net 60 A 192.0.2.7', 'c.example.net 60 A 192.0.2.7']);
  });

  test('text over 255 octets is split where that was asked for', () => {
    const [record] = records(`a 60 TXT ${'x'.repeat(300)}\n`, { autoSplitTxt: true });
    expect(record).toBe(`a.example.net 60 TXT "${'x'.repeat(255)}" "${'x'.repeat(45)}"`);
  });

  test('an RRset of more than 1000 records is too much', () => {
    const lines = Array.from({ length: 1001 }, (_, index) => `a 60 TXT ${index}\n`).join('');
    expect(read(lines).errors).toEqual([
      'z:1004:1: Cannot keep TXT of "a.example.net" as there are 1000 records or 65100 octets of them',
    ]);
  });
});

describe('the zone as a whole', () => {
  const rows: readonly (readonly [rule: string, source: string, problem: string])[] = [
    [
      'exactly one SOA: none',
      '@ 60 NS ns1\nns1 60 A 192.0.2.1\n',
      'z:1:1: Cannot find the SOA record of "example.net"',
    ],
    [
      'exactly one SOA: two',
      `${head}@ 3600 SOA ns1 hostmaster 2 7200 900 1209600 60\n`,
      'z:1:1: Cannot keep several SOA records',
    ],
    ['an apex NS', head.split('\n')[0] ?? '', 'z:1:1: Cannot find an NS record of "example.net"'],
    [
      'no CNAME beside other data',
      `${head}a 60 CNAME b\na 60 A 192.0.2.1\n`,
      'z:4:1: Cannot keep CNAME of "a.example.net" beside A',
    ],
    [
      'one CNAME',
      `${head}a 60 CNAME b\na 60 CNAME c\n`,
      'z:4:1: Cannot keep several CNAME of "a.example.net"',
    ],
    [
      'one DNAME',
      `${head}a 60 DNAME b\na 60 DNAME c\n`,
      'z:4:1: Cannot keep several DNAME of "a.example.net"',
    ],
    [
      'no data below DNAME',
      `${head}a 60 DNAME b\nx.y.a 60 A 192.0.2.1\n`,
      'z:5:1: Cannot keep "x.y.a.example.net" as there is a DNAME above it',
    ],
  ];
  test.each(rows)('%s', (_rule, source, problem) => {
    expect(read(Buffer.from(source)).errors).toEqual([problem]);
  });

  test('a CNAME may be signed', () => {
    const rrsig = 'CNAME 13 3 60 20300101000000 20200101000000 1 example.net. AAAA';
    const source = `a 60 CNAME b.example.org.\na 60 RRSIG ${rrsig}\na 60 NSEC b CNAME\n`;
    expect(records(source)).toHaveLength(3);
  });

  const warnings: readonly (readonly [rule: string, source: string, ...problems: string[]])[] = [
    [
      'NS to an alias',
      'a 60 CNAME ns1\nb 60 NS a\n',
      '5:1: NS of "b.example.net" points to the alias "a.example.net"',
    ],
    [
      'MX to an alias',
      'a 60 CNAME ns1\nb 60 MX 1 a\n',
      '5:1: MX of "b.example.net" points to the alias "a.example.net"',
    ],
    [
      'missing glue',
      'a 60 NS ns.a\n',
      '4:1: NS of "a.example.net" points to "ns.a.example.net", which lacks glue, an address record in this zone',
    ],
    [
      'a mail host without address',
      'a 60 MX 1 b\n',
      '4:1: MX of "a.example.net" points to "b.example.net", which lacks an address record',
    ],
    [
      'TTLs that differ',
      'a 60 TXT x\na 30 TXT y\na 90 TXT z\n',
      '5:1: The TTL of TXT of "a.example.net" becomes 30, the lowest one given',
      '6:1: The TTL of TXT of "a.example.net" is lower than 90 in a record before',
    ],
    ['nothing: glue is there', 'a 60 NS ns.a\nns.a 60 AAAA ::1\n'],
    [
      'nothing: hosts elsewhere, below delegations, by wildcards',
      'a 60 NS ns.example.org.\nb 60 MX 1 x.a\n*.c 60 A 192.0.2.1\nd 60 MX 1 x.c\n',
    ],
  ];
  test.each(warnings)('warns of %s', (_rule, source, ...problems) => {
    const found = read(source);
    expect(found.errors).toEqual([]);
    expect(found.warnings).toEqual(problems.map((problem) => `z:${problem}`));
  });

  test('of differing TTLs the lowest one counts', () => {
    expect(read('a 60 TXT x\na 30 TXT y\n').records).toEqual([
      'a.example.net 30 TXT "x"',
      'a.example.net 30 TXT "y"',
    ]);
  });

  test('fragments are not checked where that was asked for', () => {
    expect(records(Buffer.from('a 60 A 192.0.2.7\n'), { check: false })).toHaveLength(1);
  });

  test('the root zone', () => {
    const source =
      '. 60 SOA a.root. b. 1 2 3 4 5\n. 60 NS a.root.\na.root. 60 A 192.0.2.1\nnet 60 NS a.root.\n';
    const { rrsets, errors } = parseZone(source, { origin: '.' });
    expect(errors).toEqual([]);
    expect(rrsets.map(({ name }) => String(name))).toEqual(['.', '.', 'a.root', 'net']);
    expect(parseType('NS')).toBe(rrsets[3]?.type);
  });
});

test.each([{ ttl: -1 }, { ttl: 1.5 }, { maxProblems: 0 }, { maxGenerated: Number.NaN }])(
  'options that make no sense are a mistake of the caller: %j',
  (options) => {
    expect(() => parseZone('', { origin: 'example.net', ...options })).toThrow(
      expect.objectContaining({ name: 'UsageError', code: 'HAWSER_DNS_OPTIONS' }),
    );
  },
);

test('an RRset that fits into no message is refused with its place', () => {
  const lines = Array.from(
    { length: 260 },
    (_, index) => `a 60 TXT ${`${index}`.padEnd(250, 'x')}`,
  );
  const { rrsets, errors } = parseZone(lines.join('\n'), { origin: 'example.net', check: false });
  expect(rrsets[0]?.records).toHaveLength(247);
  expect(errors).toHaveLength(260 - 247);
  expect(errors[0]).toMatchObject({
    line: 248,
    message: expect.stringContaining('1000 records or 65100 octets'),
  });
});

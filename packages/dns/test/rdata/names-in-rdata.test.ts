import { describe, expect, test } from 'vitest';
import { Name } from '../../src/name.ts';
import { parseType } from '../../src/numbers.ts';
import { canonicalRdata } from '../../src/rdata/canonical-rdata.ts';
import { expandRdata, type NameReader } from '../../src/rdata/expand-rdata.ts';
import { checkRdata } from '../../src/rdata/rdata.ts';
import { rdataFromText, rdataToText } from '../../src/rdata/rdata-text.ts';

const tail = 'A 5 2 60 20300101000000 19700101000000 7';
/** Text with names in capitals, and whether RFC 3597 §4 and RFC 4034 §6.2 speak of its type. */
const rows: readonly (readonly [type: string, text: string, compress: number, folds: boolean])[] = [
  ['NS', 'A.NET.', 1, true],
  ['MD', 'A.NET.', 1, true],
  ['MF', 'A.NET.', 1, true],
  ['CNAME', 'A.NET.', 1, true],
  ['SOA', 'A.NET. B.NET. 1 2 3 4 5', 2, true],
  ['MB', 'A.NET.', 1, true],
  ['MG', 'A.NET.', 1, true],
  ['MR', 'A.NET.', 1, true],
  ['PTR', 'A.NET.', 1, true],
  ['MINFO', 'A.NET. B.NET.', 2, true],
  ['MX', '10 A.NET.', 1, true],
  ['RP', 'A.NET. B.NET.', 0, true],
  ['AFSDB', '1 A.NET.', 0, true],
  ['RT', '1 A.NET.', 0, true],
  ['SIG', `${tail} A.NET. AQ==`, 0, true],
  ['PX', '1 A.NET. B.NET.', 0, true],
  ['NXT', 'A.NET. A', 0, true],
  ['NAPTR', '1 2 "S" "T" "U" A.NET.', 0, true],
  ['KX', '1 A.NET.', 0, true],
  ['SRV', '1 2 3 A.NET.', 0, true],
  ['DNAME', 'A.NET.', 0, true],
  ['A6', '64 ::1 A.NET.', 0, true],
  ['RRSIG', `${tail} A.NET. AQ==`, 0, true],
  ['NSEC', 'A.NET. A', 0, false],
  ['HIP', '2 20 AQ== A.NET.', 0, false],
  ['IPSECKEY', '1 3 2 A.NET. AQ==', 0, false],
  ['SVCB', '1 A.NET.', 0, false],
  ['LP', '1 A.NET.', 0, false],
  ['TXT', '"A.NET."', 0, false],
];

test.each(rows)('%s %s', (name, text, compress, folds) => {
  const type = parseType(name);
  const rdata = rdataFromText(type, text);
  expect(rdata.compressible).toHaveLength(compress);
  const canonical = canonicalRdata(type, rdata);
  const folded = checkRdata(type, canonical);
  const printed = folded && rdataToText(type, folded);
  expect(printed).toBe(
    folds ? text.replaceAll(/[AB]\.NET/g, (found) => found.toLowerCase()) : text,
  );
  // The data itself is not changed.
  expect(rdataToText(type, rdata)).toBe(text);
});

test('what a record points to', () => {
  const targetOf = (type: string, text: string) =>
    String(rdataFromText(parseType(type), text).target);
  expect(targetOf('MX', '10 a.net')).toBe('a.net');
  expect(targetOf('SRV', '1 2 3 a.net')).toBe('a.net');
  expect(targetOf('HTTPS', '0 a.net')).toBe('a.net');
  expect(targetOf('NAPTR', '1 2 "" "" "" a.net')).toBe('a.net');
  expect(targetOf('SOA', 'a b 1 2 3 4 5')).toBe('undefined');
  expect(targetOf('RRSIG', `${tail} a.net AQ==`)).toBe('undefined');
});

describe('names that arrive compressed', () => {
  const message = Buffer.concat([Buffer.alloc(12), Name.parse('example.net').wire]);
  /** Follows pointers to the one name there is. */
  const readName =
    (bytes: Buffer): NameReader =>
    (at, out) => {
      const pointer = bytes[at] === 1 ? at + 2 : at;
      if (bytes[pointer] !== 0xc0) return -1;
      out.append(bytes.subarray(at, pointer));
      out.append(Name.parse('example.net').wire);
      return pointer + 2;
    };
  const expand = (type: string, hex: string, length = hex.length / 2) => {
    const bytes = Buffer.concat([message, Buffer.from(hex, 'hex'), Buffer.alloc(9)]);
    const place = { bytes, offset: message.length, length };
    const wire = expandRdata(parseType(type), place, readName(bytes));
    const rdata = wire && checkRdata(parseType(type), wire);
    return rdata && rdataToText(parseType(type), rdata);
  };

  test.each([
    ['MX', '000ac00c', '10 example.net.'],
    ['MX', '000a0161c00c', '10 a.example.net.'],
    ['SOA', `c00c0162c00c${'00000001'.repeat(5)}`, 'example.net. b.example.net. 1 1 1 1 1'],
    ['RP', 'c00cc00c', 'example.net. example.net.'],
    ['SRV', '000100020003c00c', '1 2 3 example.net.'],
    ['NAPTR', '00010002015301540155c00c', '1 2 "S" "T" "U" example.net.'],
    ['DNAME', 'c00c', 'example.net.'],
    [
      'SIG',
      `00010502${'00'.repeat(14)}c00c01`,
      'A 5 2 0 19700101000000 19700101000000 0 example.net. AQ==',
    ],
  ])('%s %s', (type, hex, text) => {
    expect(expand(type, hex)).toBe(text);
  });

  test.each([
    ['never in NSEC', 'NSEC', 'c00c000140'],
    ['never in RRSIG', 'RRSIG', `00010502${'00'.repeat(14)}c00c01`],
    ['never in SVCB', 'SVCB', '0001c00c'],
    ['not past the end', 'MX', '000a0161c0'],
    ['not without a name', 'MX', '000a'],
    ['not with something behind it', 'NS', 'c00c00'],
    ['not before its numbers end', 'SRV', '0001'],
    ['not before its strings end', 'NAPTR', '00010002ff53'],
  ])('%s', (_rule, type, hex) => {
    expect(expand(type, hex)).toBeUndefined();
  });
});

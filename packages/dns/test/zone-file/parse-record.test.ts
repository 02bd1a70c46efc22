import { expect, test } from 'vitest';
import { formatType } from '../../src/numbers.ts';
import { rdataToText } from '../../src/rdata/rdata-text.ts';
import { type ParseRecordOptions, parseRecord } from '../../src/zone-file/parse-record.ts';

function read(text: string, options?: ParseRecordOptions): string {
  const { name, type, ttl, rdata } = parseRecord(text, options);
  return `${name} ${ttl} ${formatType(type)} ${rdataToText(type, rdata)}`;
}

test('a line is a record', () => {
  expect(read('www.example.net 300 IN A 192.0.2.1')).toBe('www.example.net 300 A 192.0.2.1');
  expect(read('  www MX (10\n mail) ; x\n', { origin: 'example.net' })).toBe(
    'www.example.net 3600 MX 10 mail.example.net.',
  );
  expect(read('@ TXT x', { origin: 'example.net', ttl: 5 })).toBe('example.net 5 TXT "x"');
  const long = read(`a TXT ${'x'.repeat(256)}`, { autoSplitTxt: true });
  expect(long).toBe(`a 3600 TXT "${'x'.repeat(255)}" "x"`);
});

test.each([
  ['', 'Cannot read the owner as the record ends (column 1)'],
  ['www', 'Cannot read the type as the record ends (column 4)'],
  ['@ A 192.0.2.1', 'Cannot read the owner as "@" needs an origin: "@" (column 1)'],
  [
    'www A 192.0.2.300',
    'Cannot read the address of A as it is an IPv4 address: "192.0.2.300" (column 7)',
  ],
  [
    'www A 192.0.2.1\nb A 192.0.2.1',
    'Cannot read a second line as there is one record (column 17)',
  ],
  ['www A (192.0.2.1', 'Cannot end the record as this parenthesis is open (column 7)'],
])('%j is none', (text, message) => {
  expect(() => parseRecord(text)).toThrow(
    expect.objectContaining({ code: 'HAWSER_DNS_RDATA', message }),
  );
});

test.each([-1, 0.5, 2 ** 31])('a TTL of %d is none', (ttl) => {
  expect(() => parseRecord('www A 192.0.2.1', { ttl })).toThrow(
    expect.objectContaining({ name: 'UsageError', code: 'HAWSER_DNS_OPTIONS' }),
  );
});

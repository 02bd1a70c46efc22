import { expect, test } from 'vitest';
import { rankEncodings } from '../../src/delivery/accept-encoding.ts';

const CODINGS = ['br', 'zstd', 'gzip'] as const;

test.each<[field: string | null, ranked: string]>([
  [null, 'identity'],
  ['', 'identity'],
  ['gzip', 'gzip identity'],
  ['x-gzip', 'gzip identity'],
  ['GZip', 'gzip identity'],
  ['gzip, br', 'br gzip identity'],
  ['gzip, deflate, br, zstd', 'br zstd gzip identity'],
  ['gzip;q=1.0, br;q=0.5', 'gzip br identity'],
  ['gzip ; q=0.2 , br;q=0.5', 'br gzip identity'],
  ['br;q=0', 'identity'],
  ['br;q=0, gzip', 'gzip identity'],
  ['*', 'br zstd gzip identity'],
  ['*;q=0.5, gzip', 'gzip br zstd identity'],
  ['br;q=0, *', 'zstd gzip identity'],
  ['identity', 'identity'],
  ['identity;q=1, gzip;q=0.5', 'identity gzip'],
  ['identity;q=0.5, gzip;q=0.5', 'gzip identity'],
  ['identity;q=0', ''],
  ['*;q=0', ''],
  ['*;q=0, gzip', 'gzip'],
  ['identity;q=0, br;q=0.1', 'br'],
  ['gzip;q=2', 'identity'],
  ['gzip;q=', 'identity'],
  ['gzip;q=0.0001', 'identity'],
  ['gzip;q=1.001', 'identity'],
  ['gzip;q=-1', 'identity'],
  ['gzip;Q=0.5', 'gzip identity'],
  ['gzip;level=9', 'gzip identity'],
  [',,;;,gzip', 'gzip identity'],
  ['constructor, __proto__', 'identity'],
])('%j is %j', (field, ranked) => {
  expect(rankEncodings(field, CODINGS).join(' ')).toBe(ranked);
});

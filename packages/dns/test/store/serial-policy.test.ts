import { describe, expect, test } from 'vitest';
import { dynamicZone } from '../../src/store/open-dynamic-zone.ts';
import { type SerialPolicy, serialAfter } from '../../src/store/serial-policy.ts';

const at = (text: string) => () => Date.parse(text);

describe('serial policies', () => {
  test.each<[SerialPolicy, number, string, number]>([
    ['increment', 7, '2026-11-23T08:00:00Z', 8],
    ['increment', 0xffff_ffff, '2026-11-23T08:00:00Z', 1],
    ['unixtime', 7, '2026-11-23T08:00:00.999Z', 1_795_420_800],
    ['unixtime', 1_795_420_800, '2026-11-23T08:00:00Z', 1_795_420_801],
    ['unixtime', 2_026_112_300, '2026-11-23T08:00:00Z', 2_026_112_301],
    // 2^32 seconds: 0 is skipped.
    ['unixtime', 4_294_967_295, '2106-02-07T06:28:16Z', 1],
    ['dateserial', 7, '2026-11-23T23:59:59Z', 2_026_112_300],
    ['dateserial', 2_026_112_300, '2026-11-23T00:00:00Z', 2_026_112_301],
    ['dateserial', 2_026_112_399, '2026-11-23T00:00:00Z', 2_026_112_400],
    ['dateserial', 2_026_112_399, '2026-11-24T00:00:00Z', 2_026_112_400],
    ['dateserial', 2_024_022_800, '2024-02-29T12:00:00Z', 2_024_022_900],
    ['dateserial', 1_999_123_100, '2000-01-01T00:00:00Z', 2_000_010_100],
    ['dateserial', 2_000_022_800, '2000-03-01T00:00:00Z', 2_000_030_100],
    // More than half the circle ahead is behind (RFC 1982).
    ['dateserial', 4_294_967_295, '2026-11-23T00:00:00Z', 2_026_112_300],
    [(serial) => serial + 10, 7, '2026-11-23T00:00:00Z', 17],
    [() => 3, 7, '2026-11-23T00:00:00Z', 8],
    [() => Number.NaN, 7, '2026-11-23T00:00:00Z', 8],
  ])('%s after %d at %s is %d', (policy, serial, time, next) => {
    expect(serialAfter(policy, serial, at(time))).toBe(next);
  });

  test('dates agree with the calendar', () => {
    for (let day = 0; day < 50_000; day++) {
      const time = day * 86_400_000;
      const text = new Date(time).toISOString().slice(0, 10).replaceAll('-', '');
      const expected = Number(text) * 100;
      // A serial before it that it is after.
      expect(serialAfter('dateserial', expected - 1, () => time)).toBe(expected);
    }
  });

  test('one that is none is refused', async () => {
    await expect(dynamicZone('example.net', { serials: 'random' as never })).rejects.toMatchObject({
      code: 'HAWSER_DNS_OPTIONS',
    });
  });
});

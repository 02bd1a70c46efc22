import { chunkings } from '@hawser/core/testing';
import { describe, expect, test } from 'vitest';
import type { CodecLimits } from '../../src/contract/codec.ts';
import { RequestReader } from '../../src/wire/request-reader.ts';
import { feedAll, latin1, recordRequests } from './recording.ts';

/** What becomes of `sent`, which must not depend on how it is cut. */
function outcome(sent: string, limits: Partial<CodecLimits>): string {
  const outcomes = new Set<string>();
  for (const chunks of chunkings(latin1(sent), sent.length > 300 ? 'whole' : 'every')) {
    const requests = recordRequests();
    const failure = feedAll(new RequestReader(requests, limits), chunks);
    outcomes.add(
      failure === undefined ? `${requests.log.length} read` : `${failure.status} ${failure.code}`,
    );
  }
  expect(outcomes.size).toBe(1);
  return [...outcomes].join();
}

const HEAD = 'GET / HTTP/1.1\r\nHost: a\r\n';
const chunked = (body: string): string =>
  `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${body}`;

describe('the head', () => {
  test('may be as long as the limit, without the empty line', () => {
    const maxHeadBytes = HEAD.length;
    expect(outcome(`${HEAD}\r\n`, { maxHeadBytes })).toBe('1 read');
    expect(outcome(`${HEAD}\r\n${HEAD}\r\n`, { maxHeadBytes })).toBe('2 read');
  });

  test('is refused at one octet more', () => {
    expect(outcome(`${HEAD}\r\n`, { maxHeadBytes: HEAD.length - 1 })).toBe('431 head-too-long');
    expect(outcome(`${HEAD}X: y\r\n\r\n`, { maxHeadBytes: HEAD.length + 5 })).toBe(
      '431 head-too-long',
    );
    expect(outcome(`${HEAD}X: y\r\n\r\n`, { maxHeadBytes: HEAD.length + 6 })).toBe('1 read');
  });

  test('is refused though no line of it ends', () => {
    expect(outcome(`${HEAD}X: ${'y'.repeat(20_000)}`, {})).toBe('431 head-too-long');
    const reader = new RequestReader(recordRequests());
    expect(reader.feed(latin1(HEAD))).toBe(undefined);
    const piece = Buffer.alloc(1_000, 'y');
    let fed = HEAD.length;
    while (reader.feed(piece) === undefined) fed += piece.length;
    expect(fed).toBeLessThanOrEqual(16_384);
    expect(fed + piece.length).toBeGreaterThan(16_384);
  });

  test('empty lines before it do not count', () => {
    expect(outcome(`\r\n\r\n${HEAD}\r\n`, { maxHeadBytes: HEAD.length })).toBe('1 read');
  });

  test('has at most as many fields as the limit', () => {
    expect(outcome(`${HEAD}A: 1\r\nB: 2\r\n\r\n`, { maxFields: 3 })).toBe('1 read');
    expect(outcome(`${HEAD}A: 1\r\nB: 2\r\n\r\n`, { maxFields: 2 })).toBe('431 too-many-fields');
    const fields = (count: number): string => 'A:1\r\n'.repeat(count);
    expect(outcome(`${HEAD}${fields(99)}\r\n`, {})).toBe('1 read');
    expect(outcome(`${HEAD}${fields(100)}\r\n`, {})).toBe('431 too-many-fields');
  });
});

describe('the target', () => {
  const to = (length: number): string =>
    `GET /${'x'.repeat(length - 1)} HTTP/1.1\r\nHost: a\r\n\r\n`;

  test('may be as long as the limit', () => {
    expect(outcome(to(20), { maxTargetBytes: 20 })).toBe('1 read');
    expect(outcome(to(8_192), {})).toBe('1 read');
  });

  test('is refused at one octet more', () => {
    expect(outcome(to(21), { maxTargetBytes: 20 })).toBe('414 target-too-long');
    expect(outcome(to(8_193), {})).toBe('414 target-too-long');
    expect(outcome(to(100_000), {})).toBe('414 target-too-long');
  });

  test('is refused before it ends', () => {
    const reader = new RequestReader(recordRequests());
    let fed = 0;
    reader.feed(latin1('GET '));
    while (reader.feed(latin1('/'.repeat(100))) === undefined) fed += 100;
    expect(fed).toBeLessThan(8_400);
  });

  test('a version that does not end is refused too', () => {
    expect(outcome(`GET / ${'H'.repeat(200)}`, { maxTargetBytes: 20 })).toBe('400 bad-version');
  });
});

describe('chunk extensions', () => {
  test('of one body together may be as long as the limit', () => {
    const body = '1;aaa\r\nx\r\n0;aaa\r\n\r\n';
    expect(outcome(chunked(body), { maxChunkExtensionBytes: 8 })).toBe('1 read');
    expect(outcome(chunked(body) + chunked(body), { maxChunkExtensionBytes: 8 })).toBe('2 read');
    expect(outcome(chunked(body), { maxChunkExtensionBytes: 7 })).toBe(
      '400 chunk-extensions-too-long',
    );
    expect(outcome(chunked('1;a=b;c="d"\r\nx\r\n0\r\n\r\n'), { maxChunkExtensionBytes: 10 })).toBe(
      '1 read',
    );
    expect(outcome(chunked('1;a=b;c="d"\r\nx\r\n0\r\n\r\n'), { maxChunkExtensionBytes: 9 })).toBe(
      '400 chunk-extensions-too-long',
    );
  });

  test('may be forbidden', () => {
    expect(outcome(chunked('0\r\n\r\n'), { maxChunkExtensionBytes: 0 })).toBe('1 read');
    expect(outcome(chunked('0;a\r\n\r\n'), { maxChunkExtensionBytes: 0 })).toBe(
      '400 chunk-extensions-too-long',
    );
  });
});

describe('trailers', () => {
  test('of one body together may be as long as the limit', () => {
    const body = '0\r\nA: 1\r\nB: 2\r\n\r\n';
    expect(outcome(chunked(body) + chunked(body), { maxTrailerBytes: 12 })).toBe('2 read');
    expect(outcome(chunked(body), { maxTrailerBytes: 11 })).toBe('431 trailers-too-long');
    expect(outcome(chunked('0\r\n\r\n'), { maxTrailerBytes: 0 })).toBe('1 read');
  });

  test('are at most as many as header fields may be', () => {
    const body = '0\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n';
    expect(outcome(chunked(body), { maxFields: 3 })).toBe('1 read');
    expect(outcome(chunked(body), { maxFields: 2 })).toBe('431 too-many-fields');
  });
});

test('a method may be allowed', () => {
  const purge = 'PURGE / HTTP/1.1\r\nHost: a\r\n\r\n';
  expect(outcome(purge, {})).toBe('501 unknown-method');
  expect(outcome(purge, { extraMethods: ['PURGE'] })).toBe('1 read');
  expect(outcome(purge.replace('PURGE', 'PURG'), { extraMethods: ['PURGE'] })).toBe(
    '501 unknown-method',
  );
});

test('a body may be longer than any buffer', () => {
  const length = 2 ** 40;
  const requests = { bytes: 0 };
  const reader = new RequestReader({
    head: () => {},
    data: (chunk) => {
      requests.bytes += chunk.length;
    },
    end: () => {},
  });
  reader.feed(latin1(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n`));
  const piece = Buffer.alloc(2 ** 20);
  for (let count = 0; count < 1_000; count++) reader.feed(piece);
  expect(requests.bytes).toBe(1_000 * 2 ** 20);
  expect(reader.state).toBe('body');
});

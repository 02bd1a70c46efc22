import { SeededRandom } from '@hawser/core/testing';
import { describe, expect, test } from 'vitest';
import type { ResponseHeadRead } from '../../src/contract/message-head.ts';
import { encodeHead, encodeMessage } from '../../src/wire/encode-message.ts';
import { formatChunk, formatLastChunk } from '../../src/wire/format-chunk.ts';
import { formatRequestHead } from '../../src/wire/format-request-head.ts';
import {
  formatInterim,
  formatResponseHead,
  type ResponseFraming,
} from '../../src/wire/format-response-head.ts';
import { promisedLength } from '../../src/wire/message-framing.ts';
import { RequestReader } from '../../src/wire/request-reader.ts';
import { ResponseReader } from '../../src/wire/response-reader.ts';
import { recordRequests, recordResponses } from './recording.ts';

const DATE = 'Sun, 06 Nov 1994 08:49:37 GMT';
const framing = (parts: Partial<ResponseFraming> = {}): ResponseFraming => ({
  body: 'none',
  connection: 'implied',
  date: undefined,
  ...parts,
});
const BAD_FIELD = expect.objectContaining({ name: 'UsageError', code: 'HAWSER_HTTP_BAD_FIELD' });

describe('formatResponseHead', () => {
  test('writes status, date, fields, framing', () => {
    const head = { status: 201, fields: ['content-type', 'text/plain', 'x', ''] };
    expect(formatResponseHead(head, framing({ body: 5, connection: 'close', date: DATE }))).toBe(
      `HTTP/1.1 201 Created\r\ndate: ${DATE}\r\ncontent-type: text/plain\r\nx: \r\ncontent-length: 5\r\nconnection: close\r\n\r\n`,
    );
  });

  test.each([
    [{ body: 0 }, 'content-length: 0\r\n'],
    [{ body: 'chunked' }, 'transfer-encoding: chunked\r\n'],
    [{ body: 'until-close', connection: 'close' }, 'connection: close\r\n'],
    [{ connection: 'keep-alive' }, 'connection: keep-alive\r\n'],
    [{ connection: 'upgrade' }, 'connection: Upgrade\r\n'],
    [{}, ''],
  ] as const)('says %j', (parts, lines) => {
    expect(formatResponseHead({ status: 200, fields: [] }, framing(parts))).toBe(
      `HTTP/1.1 200 OK\r\n${lines}\r\n`,
    );
  });

  test('fields that were changed in place since the last time are written as they are now', () => {
    const fields = ['x', '1'];
    const write = (): string => formatResponseHead({ status: 200, fields }, framing());
    expect([write(), write()]).toEqual(Array(2).fill('HTTP/1.1 200 OK\r\nx: 1\r\n\r\n'));
    fields[1] = '2';
    expect(write()).toBe('HTTP/1.1 200 OK\r\nx: 2\r\n\r\n');
    fields[1] = '2\r\n';
    expect(write).toThrow(BAD_FIELD);
    expect(write).toThrow(BAD_FIELD);
    fields.splice(0, 2, 'y', '2');
    expect(write()).toBe('HTTP/1.1 200 OK\r\ny: 2\r\n\r\n');
  });

  test('one head after another is written with its own status, phrase, date and fields', () => {
    const heads = [
      { status: 200, fields: ['x', '1'] },
      { status: 404, fields: ['x', '1'] },
      { status: 404, statusText: 'Gone Fishing', fields: ['x', '1'] },
      { status: 404, statusText: 'Gone Fishing', fields: ['x', '1', 'y', '2'] },
      { status: 404, statusText: 'Gone Fishing', fields: [] },
    ];
    const write = (date: string | undefined): string[] =>
      heads.map((head) => formatResponseHead(head, framing({ date })));
    expect(write(undefined)).toEqual([
      'HTTP/1.1 200 OK\r\nx: 1\r\n\r\n',
      'HTTP/1.1 404 Not Found\r\nx: 1\r\n\r\n',
      'HTTP/1.1 404 Gone Fishing\r\nx: 1\r\n\r\n',
      'HTTP/1.1 404 Gone Fishing\r\nx: 1\r\ny: 2\r\n\r\n',
      'HTTP/1.1 404 Gone Fishing\r\n\r\n',
    ]);
    const dated = write(undefined).map((text) => text.replace('\r\n', `\r\ndate: ${DATE}\r\n`));
    expect(write(DATE)).toEqual(dated);
  });

  test('a date that is there stays', () => {
    const head = { status: 200, fields: ['Date', 'x'] };
    expect(formatResponseHead(head, framing({ date: DATE }))).toBe(
      'HTTP/1.1 200 OK\r\nDate: x\r\n\r\n',
    );
  });

  test('framing and connection fields of others are left out', () => {
    const fields = [
      'Content-Length',
      '9',
      'TRANSFER-ENCODING',
      'gzip',
      'connection',
      'x',
      'keep-alive',
      'y',
      'proxy-connection',
      'z',
      'upgrade',
      'ws',
    ];
    expect(formatResponseHead({ status: 200, fields }, framing({ body: 1 }))).toBe(
      'HTTP/1.1 200 OK\r\nupgrade: ws\r\ncontent-length: 1\r\n\r\n',
    );
  });

  test('writes a phrase of its own, none for an unknown status', () => {
    expect(formatResponseHead({ status: 200, statusText: 'Fine', fields: [] }, framing())).toBe(
      'HTTP/1.1 200 Fine\r\n\r\n',
    );
    expect(formatResponseHead({ status: 299, fields: [] }, framing())).toBe(
      'HTTP/1.1 299 \r\n\r\n',
    );
    expect(formatResponseHead({ status: 200, statusText: '', fields: [] }, framing())).toBe(
      'HTTP/1.1 200 \r\n\r\n',
    );
  });

  test.each(['\r', '\n', '\0', 'a\r\nSet-Cookie: b', '\x7f', '\x1f', 'ĸ', '💥'])(
    'does not write %j in a value, a name or a phrase',
    (bad) => {
      expect(() => formatResponseHead({ status: 200, fields: ['x', bad] }, framing())).toThrow(
        BAD_FIELD,
      );
      expect(() => formatResponseHead({ status: 200, fields: [bad, 'x'] }, framing())).toThrow(
        BAD_FIELD,
      );
      expect(() =>
        formatResponseHead({ status: 200, statusText: bad, fields: [] }, framing()),
      ).toThrow(BAD_FIELD);
      expect(() => formatInterim(103, ['link', bad])).toThrow(BAD_FIELD);
      expect(() => formatLastChunk(['x', bad])).toThrow(BAD_FIELD);
    },
  );

  test.each(['', ' ', 'a b', 'a:', 'é', '('])('does not write %j for a name', (name) => {
    expect(() => formatResponseHead({ status: 200, fields: [name, 'x'] }, framing())).toThrow(
      BAD_FIELD,
    );
  });

  test.each([0, 99, 600, 1000, 200.5, Number.NaN])('does not write the status %d', (status) => {
    expect(() => formatResponseHead({ status, fields: [] }, framing())).toThrow(BAD_FIELD);
  });
});

describe('formatInterim', () => {
  test('writes a head without framing', () => {
    expect(formatInterim(103, ['link', '</a>; rel=preload', 'content-length', '1'])).toBe(
      'HTTP/1.1 103 Early Hints\r\nlink: </a>; rel=preload\r\n\r\n',
    );
  });

  test.each([99, 101, 200])('does not write %d', (status) => {
    expect(() => formatInterim(status, [])).toThrow(BAD_FIELD);
  });
});

describe('formatRequestHead', () => {
  test('writes Host first, and one only', () => {
    const head = {
      method: 'POST',
      target: '/a?b',
      host: 'c:1',
      fields: ['x', 'y', 'Host', 'z', 'a', 'Host'],
    };
    expect(formatRequestHead(head, { body: 3, connection: 'close' })).toBe(
      'POST /a?b HTTP/1.1\r\nhost: c:1\r\nx: y\r\na: Host\r\ncontent-length: 3\r\nconnection: close\r\n\r\n',
    );
  });

  test.each([
    { method: 'GE T' },
    { method: '' },
    { method: 'GET\r\n' },
    { target: '' },
    { target: '/a b' },
    { target: '/\r\n' },
    { target: '/#' },
    { target: '/é' },
    { host: 'a\r\nb' },
    { fields: ['x', '\n'] },
  ])('does not write %j', (parts) => {
    const head = { method: 'GET', target: '/', host: 'a', fields: [], ...parts };
    expect(() => formatRequestHead(head, { body: 'none', connection: 'implied' })).toThrow(
      BAD_FIELD,
    );
  });
});

describe('promisedLength', () => {
  test('is what content-length says', () => {
    expect(promisedLength(['x', 'y'])).toBe(undefined);
    expect(promisedLength(['x', '7', 'Content-Length', '12'])).toBe(12);
    expect(promisedLength(['content-length', '1', 'content-length', '1'])).toBe(1);
  });

  test.each([['-1'], ['1.5'], [''], ['x'], ['99999999999999999'], ['1', '2']])(
    'is not %j',
    (...values) => {
      const fields = values.flatMap((value) => ['content-length', value]);
      expect(() => promisedLength(fields)).toThrow(BAD_FIELD);
    },
  );
});

describe('encodeMessage', () => {
  test.each(['', 'ascii', 'é', '日本 💥', 'x'.repeat(100)])(
    'writes the head as latin1, %j as UTF-8',
    (body) => {
      const head = 'x: \xe9\r\n\r\n';
      const expected = Buffer.concat([Buffer.from(head, 'latin1'), Buffer.from(body)]);
      expect(encodeMessage(head, body, expected.length - head.length).equals(expected)).toBe(true);
      const bytes = Buffer.from(body);
      expect(encodeMessage(head, bytes, bytes.length).equals(expected)).toBe(true);
    },
  );
});

describe('formatChunk', () => {
  test('of no octets is nothing, as it would end the body', () => {
    expect(formatChunk(Buffer.alloc(0))).toEqual([]);
  });

  test.each([1, 15, 16, 4_096, 4_097, 70_000])('frames %d octets', (length) => {
    const data = Buffer.alloc(length, 'x');
    const size = Buffer.from(`${length.toString(16)}\r\n`);
    const framed = Buffer.concat([size, data, Buffer.from('\r\n')]);
    expect(Buffer.concat(formatChunk(data)).equals(framed)).toBe(true);
  });

  test('does not copy many', () => {
    const data = Buffer.alloc(10_000);
    expect(formatChunk(data)).toContain(data);
  });

  test('a trailer that may not be one is not written', () => {
    expect(formatLastChunk()).toBe('0\r\n\r\n');
    expect(formatLastChunk(['x', 'y'])).toBe('0\r\nx: y\r\n\r\n');
    expect(() => formatLastChunk(['Content-Length', '1'])).toThrow(BAD_FIELD);
  });
});

describe('what is written is read', () => {
  const random = new SeededRandom(5);
  const below = (count: number): number => random.below(count);
  const text = (from: number, to: number, length: number): string =>
    Array.from({ length }, () => String.fromCharCode(from + below(to - from + 1))).join('');
  const name = (): string => `x${text(0x61, 0x7a, below(12))}`;
  const value = (): string => `${text(0x21, 0x7e, below(20))} ${text(0xa0, 0xff, below(5))}`.trim();
  const fields = (): string[] => Array.from({ length: below(12) }, () => [name(), value()]).flat();
  /** Does not use `trim`, which takes more than a space. */
  const asRead = (lines: readonly string[]): string[] =>
    lines.map((line) => line.replace(/^[ \t]+|[ \t]+$/g, ''));

  test('responses', () => {
    for (let round = 0; round < 500; round++) {
      const status = 200 + below(400);
      const lines = fields();
      const pieces = Array.from({ length: below(4) }, () => random.bytes(below(6_000)));
      const chunked = below(2) === 0;
      const body = Buffer.concat(pieces);
      const trailers = chunked ? fields() : [];
      const bodiless = status === 204 || status === 304;
      const connection = below(2) === 0 ? 'implied' : 'close';
      const head = formatResponseHead(
        { status, statusText: value(), fields: lines },
        { body: chunked ? 'chunked' : body.length, connection, date: undefined },
      );
      const written = [encodeHead(head)];
      if (!bodiless && chunked) {
        written.push(
          ...pieces.flatMap((piece) => formatChunk(piece)).map((piece) => Buffer.from(piece)),
        );
        written.push(encodeHead(formatLastChunk(trailers)));
      } else if (!bodiless) written.push(body);
      const read: Buffer[] = [];
      const heads: ResponseHeadRead[] = [];
      const ends: (readonly string[])[] = [];
      const reader = new ResponseReader({
        interim: () => {},
        head: (readHead) => heads.push(readHead),
        data: (piece) => read.push(piece),
        end: (readTrailers) => ends.push(readTrailers),
      });
      reader.expect('GET');
      expect(reader.feed(Buffer.concat(written))).toBe(undefined);
      expect(heads[0]?.status).toBe(status);
      expect(heads[0]?.keepAlive).toBe(connection === 'implied');
      expect(heads[0]?.fields.slice(0, lines.length)).toEqual(asRead(lines));
      expect(ends).toEqual([bodiless ? [] : asRead(trailers)]);
      expect(Buffer.concat(read).equals(bodiless ? Buffer.alloc(0) : body)).toBe(true);
    }
  });

  test('requests', () => {
    const requests = recordRequests();
    const reader = new RequestReader(requests);
    for (let round = 0; round < 500; round++) {
      const target = `/${text(0x21, 0x7e, below(30)).replaceAll('#', '')}`;
      const lines = fields();
      const head = formatRequestHead(
        { method: 'POST', target, host: 'a', fields: lines },
        { body: 3, connection: 'implied' },
      );
      expect(reader.feed(encodeMessage(head, 'abc', 3))).toBe(undefined);
      const read = requests.heads.at(-1);
      expect(read?.target).toBe(target);
      expect(read?.fields).toEqual(['host', 'a', ...asRead(lines), 'content-length', '3']);
    }
    expect(requests.log.every((line) => line.endsWith(' <abc>'))).toBe(true);
  });

  test('interim responses', () => {
    const responses = recordResponses();
    const reader = new ResponseReader(responses);
    reader.expect('GET');
    reader.feed(encodeHead(formatInterim(103, ['link', 'x'])));
    expect(responses.interimLog).toEqual(["103 'Early Hints' 1.1 {link: x}"]);
  });
});

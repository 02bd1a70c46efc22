import { chunkings } from '@hawser/core/testing';
import { describe, expect, test } from 'vitest';
import { findIdentification } from '../src/identification.ts';
import { matchSsh } from '../src/match.ts';

const find = (text: string): number | 'more' => findIdentification(Buffer.from(text, 'latin1'));
const error = expect.objectContaining({ code: 'HAWSER_SSH_IDENTIFICATION' });

describe('the identification of a client', () => {
  test.each(['SSH-2.0-OpenSSH_9.2 Debian-2\r\n', 'SSH-2.0-x\n', 'SSH-1.99-y\r\n'])(
    'is found in %j wherever it is cut, and what follows is left',
    (line) => {
      for (const chunks of chunkings(Buffer.from(`${line}more`))) {
        let head = Buffer.alloc(0);
        for (const chunk of chunks) {
          head = Buffer.concat([head, chunk]);
          expect(findIdentification(head)).toBe(head.length < line.length ? 'more' : line.length);
        }
      }
    },
  );

  test.each([
    'GET / HTTP/1.1',
    'hello\r\nSSH-2.0-x\r\n',
    'SSH-1.5-x',
    'SSH-2.0-\r\n',
    'SSH-2.0- x\r\n',
    'SSH-2.0-x\0\r\n',
    'SSH-2.0-x\ry\n',
    'SSH-2.0-\xff\r\n',
  ])('is not %j', (text) => {
    expect(() => find(text)).toThrow(error);
  });

  test('has up to 255 bytes, line end included', () => {
    expect(find(`SSH-2.0-${'x'.repeat(245)}\r\n`)).toBe(255);
    expect(find(`SSH-2.0-${'x'.repeat(246)}`)).toBe('more');
    expect(() => find(`SSH-2.0-${'x'.repeat(246)}\r\n`)).toThrow(error);
    expect(() => find(`SSH-2.0-${'x'.repeat(247)}`)).toThrow(error);
  });
});

test('matchSsh knows it by its first four bytes', () => {
  expect(matchSsh.test(Buffer.from('SSH-2.0-x'))).toBe('yes');
  expect(matchSsh.test(Buffer.from('SSH'))).toBe('more');
  expect(matchSsh.test(Buffer.from('SST'))).toBe('no');
});

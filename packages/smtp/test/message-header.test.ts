import { expect, test } from 'vitest';
import { parseMessageHeader } from '../src/message-header.ts';

const parse = (text: string) => parseMessageHeader(Buffer.from(text));
const NONE = { from: undefined, to: undefined, subject: undefined, date: undefined };

test('reads the four fields, unfolded, whatever the case', () => {
  expect(
    parse('FROM: Ann <a@b>\r\nto:x,\r\n\ty\r\nSubject : a\r\n  b\r\nDate: now\r\n\r\nTo: body'),
  ).toEqual({ from: 'Ann <a@b>', to: 'x, y', subject: 'a b', date: 'now' });
});

test('takes the first of several', () => {
  expect(parse('Subject: one\r\nSubject: two\r\n\r\n').subject).toBe('one');
});

test.each(['', '\r\n', 'no header at all', ': x\r\n\r\n', '\r\n\r\nSubject: body'])(
  'finds nothing in %j',
  (text) => {
    expect(parse(text)).toEqual(NONE);
  },
);

test('looks at 64 KiB and keeps 1,000 characters of a field', () => {
  expect(parse(`Subject: ${'x'.repeat(2_000)}\r\n\r\n`).subject).toHaveLength(1_000);
  expect(parse(`X: ${'x'.repeat(65_536)}\r\nSubject: late\r\n\r\n`).subject).toBeUndefined();
});

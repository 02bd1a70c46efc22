import { expect, test } from 'vitest';
import { takeCommandLine } from '../src/command-line.ts';

const take = (input: string, max = 20): object => {
  const head = takeCommandLine(Buffer.from(input), max);
  return head.kind === 'line' ? { line: String(head.line), rest: String(head.rest) } : head;
};

test('takes one line and leaves the rest', () => {
  expect(take('NOOP\r\nQUIT\r\n')).toEqual({ line: 'NOOP', rest: 'QUIT\r\n' });
  expect(take('\r\n')).toEqual({ line: '', rest: '' });
});

test.each(['', 'NOOP', 'NOOP\r'])('waits for more after %j', (input) => {
  expect(take(input)).toEqual({ kind: 'more' });
});

test.each(['NOOP\n', '\n', 'NO\rOP\r\n', '\r\r\n', 'NOOP\r\r\n', 'A\rB\n'])(
  'sees a bare CR or LF in %j',
  (input) => {
    expect(take(input)).toEqual({ kind: 'bare' });
  },
);

test('takes a line of the limit and no longer one, however it comes', () => {
  expect(take(`${'x'.repeat(18)}\r\n`)).toEqual({ line: 'x'.repeat(18), rest: '' });
  expect(take(`${'x'.repeat(19)}\r\n`)).toEqual({ kind: 'long' });
  expect(take('x'.repeat(20))).toEqual({ kind: 'more' });
  expect(take('x'.repeat(21))).toEqual({ kind: 'long' });
});

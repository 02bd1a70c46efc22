import { expect, test, vi } from 'vitest';
import { answerBytes } from '../../src/server/answer-bytes.ts';

test('a text that comes again is the same bytes, another one is not', () => {
  const first = answerBytes('HTTP/1.1 200 OK\r\n\r\nn\u00fcll');
  expect(answerBytes(`HTTP/1.1 200 OK\r\n\r\n${'n\u00fcll'}`)).toBe(first);
  const other = answerBytes('HTTP/1.1 200 OK\r\n\r\nneun');
  expect(other).not.toBe(first);
  expect(first.toString('latin1')).toBe('HTTP/1.1 200 OK\r\n\r\nn\u00fcll');
  expect(other.toString('latin1')).toBe('HTTP/1.1 200 OK\r\n\r\nneun');
});

test('a long text is bytes of its own each time', () => {
  const long = 'x'.repeat(2_049);
  expect(answerBytes(long)).toEqual(answerBytes(long));
  expect(answerBytes(long)).not.toBe(answerBytes(long));
});

test('a text that there was no memory for is not the bytes of the one before it', () => {
  answerBytes('one');
  const from = vi.spyOn(Buffer, 'from').mockImplementationOnce(() => {
    throw new RangeError('Array buffer allocation failed');
  });
  expect(() => answerBytes('two')).toThrow('allocation');
  from.mockRestore();
  expect(answerBytes('two').toString('latin1')).toBe('two');
});

import { expect, test } from 'vitest';
import { formatFields } from '../../src/wire/format-fields.ts';

const plain = ['content-type', 'text/plain'];

test('a line that is the same in most answers is written the same each time', () => {
  expect(formatFields(plain)).toBe('content-type: text/plain\r\n');
  expect(formatFields(plain)).toBe('content-type: text/plain\r\n');
  expect(formatFields(['content-type', 'text/html'])).toBe('content-type: text/html\r\n');
  expect(formatFields(plain)).toBe('content-type: text/plain\r\n');
});

test.each(['a\r\nb: c', 'a\n', '\0', 'Ā'])(
  'and does not let another value of the same name through unseen: %j',
  (value) => {
    formatFields(plain);
    for (let i = 0; i < 2; i++) {
      expect(() => formatFields(['content-type', value])).toThrow('not allowed');
    }
    expect(formatFields(plain)).toBe('content-type: text/plain\r\n');
  },
);

test('an empty value is one as well', () => {
  expect(formatFields(['content-type', ''])).toBe('content-type: \r\n');
});

import { expect, test } from 'vitest';
import { endToEndFields, fieldValue } from '../../src/proxy/end-to-end-fields.ts';

test('fields of one connection are dropped, and those that Connection names', () => {
  const text =
    'connection=X-Mine, close|x-mine=1|connection=x-other|x-other=2|keep-alive=a|te=b|transfer-encoding=chunked|' +
    'upgrade=c|proxy-authorization=d|x-kept=3|set-cookie=e';
  const fields = text.split(/[=|]/);
  expect(endToEndFields(fields)).toEqual(['x-kept', '3', 'set-cookie', 'e']);
  expect(endToEndFields(fields, ['x-kept'])).toEqual(['set-cookie', 'e']);
});

test('naming it in Connection does not take away what the message means', () => {
  const fields = [
    'connection',
    'authorization, cookie, host, content-length',
    'authorization',
    'a',
  ];
  expect(endToEndFields([...fields, 'cookie', 'b'])).toEqual(['authorization', 'a', 'cookie', 'b']);
});

test('the lines of a field are one value', () => {
  expect(fieldValue(['a', '1', 'b', '2', 'a', '3'], 'a')).toBe('1, 3');
  expect(fieldValue([], 'a')).toBeUndefined();
});

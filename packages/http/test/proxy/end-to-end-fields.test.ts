import { expect, test } from 'vitest';
import { endToEndFields, fieldValue } from '../../src/proxy/end-to-end-fields.ts';

test('fields of one connection are dropped, and those that Connection names', () => {
  const text =
    'connection=X-Mine, close|x-mine=1|connection=x-other|x-other=2|keep-alive=a|te=b|transfer-encoding=chunked|' +
    'upgrade=c|proxy-authorization=d|x-kept=3|set-cookie=e';
  const fields = text.split(/[=|]/);
  expect(endToEndFields(fields)).toEqual(['x-kept', '3', 'set-cookie', 'e']);
  expect(endToEndFields(fields, { without: ['x-kept'] })).toEqual(['set-cookie', 'e']);
});

test.each([
  'authorization',
  'cache-control',
  'content-encoding',
  'content-length',
  'content-range',
  'cookie',
  'etag',
  'forwarded',
  'host',
  'if-match',
  'location',
  'origin',
  'range',
  'set-cookie',
  'vary',
  'via',
  'www-authenticate',
  'x-forwarded-for',
  'x-forwarded-prefix',
  'x-real-ip',
])('naming %s in Connection does not take away what the message means, or whose it is', (name) => {
  const fields = ['connection', `close, ${name.toUpperCase()}`, name, 'a', 'x-other', 'b'];
  expect(endToEndFields(fields)).toEqual([name, 'a', 'x-other', 'b']);
});

test('what may be that of somebody else is not taken away by naming it', () => {
  const fields = ['connection', 'x-user, te', 'x-user', 'ann', 'te', 'gzip'];
  expect(endToEndFields(fields, { named: 'kept' })).toEqual(['x-user', 'ann']);
});

test('the lines of a field are one value', () => {
  expect(fieldValue(['a', '1', 'b', '2', 'a', '3'], 'a')).toBe('1, 3');
  expect(fieldValue([], 'a')).toBeUndefined();
});

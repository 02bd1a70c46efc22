import { MIMEType } from 'node:util';
import { describe, expect, test } from 'vitest';
import { formatMimeType, parseMimeType } from '../../src/web/mime-type.ts';

describe('parseMimeType', () => {
  test.each([
    'text/html',
    'Text/HTML;Charset=UTF-8',
    ' text/html ; charset = utf-8 ; x=y',
    'text/html;charset=utf-8;charset=other',
    'text/html;charset="a;b\\"c";x=1',
    'text/html;charset="unfinished',
    'text/html;charset="a"garbage;x=1',
    'text/html;;x=1;',
    'text/html;x=;y=1',
    'text/html;x="";y=1',
    'text/html;"x"=1;y=2',
    'text/html;x',
    'multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW',
    'a/b;c=d e',
    'text',
    'text/',
    '/html',
    '',
    'text/html garbage',
    'te xt/html',
  ])('reads %j as the standard says', (text) => {
    const type = parseMimeType(text);
    const standard = ((): string | undefined => {
      try {
        return String(new MIMEType(text));
      } catch {
        return undefined;
      }
    })();
    expect(type && formatMimeType(type)).toBe(standard);
  });

  test('gives up on a long one, and is in time', () => {
    expect(parseMimeType(`a/b;${'x'.repeat(10_000)}`)).toBe(undefined);
    expect(parseMimeType(`a/b;c="${'\\"'.repeat(4_000)}`)?.parameters.get('c')).toHaveLength(4_000);
  });
});

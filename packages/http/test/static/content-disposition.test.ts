import { expect, test } from 'vitest';
import { contentDisposition } from '../../src/static/content-disposition.ts';

test.each<[name: string | undefined, field: string]>([
  [undefined, 'attachment'],
  ['', 'attachment'],
  ['a.txt', 'attachment; filename="a.txt"'],
  ['a b.txt', 'attachment; filename="a b.txt"'],
  ['../../etc/passwd', 'attachment; filename="passwd"'],
  ['C:\\temp\\x.exe', 'attachment; filename="x.exe"'],
  ['ü€.txt', 'attachment; filename="??.txt"; filename*=UTF-8\'\'%C3%BC%E2%82%AC.txt'],
  ['say "hi".txt', 'attachment; filename="say _hi_.txt"; filename*=UTF-8\'\'say%20%22hi%22.txt'],
  ['100%41.txt', 'attachment; filename="100_41.txt"; filename*=UTF-8\'\'100%2541.txt'],
  ["it's (1)*.txt", 'attachment; filename="it\'s (1)*.txt"'],
  ["ü's (1)*", "attachment; filename=\"?'s (1)*\"; filename*=UTF-8''%C3%BC%27s%20%281%29%2A"],
  ['a\r\nset-cookie: x=1', 'attachment; filename="aset-cookie: x=1"'],
  ['fdp\u202etxt.exe', 'attachment; filename="fdptxt.exe"'],
  ['\ud800.txt', 'attachment; filename="?.txt"; filename*=UTF-8\'\'%EF%BF%BD.txt'],
  ['\u{1f600}', 'attachment; filename="?"; filename*=UTF-8\'\'%F0%9F%98%80'],
])('%j is saved as said by %s', (name, field) => {
  expect(contentDisposition('attachment', name)).toBe(field);
});

test('a name is cut to what file systems take', () => {
  expect(contentDisposition('inline', 'a'.repeat(300))).toBe(
    `inline; filename="${'a'.repeat(255)}"`,
  );
});

import { expect, test } from 'vitest';
import { matchHttp } from '../src/index.ts';

test.each([
  ['GET / HTTP/1.1', 'yes'],
  ['VERSION-CONTROL / HTTP/1.1', 'yes'],
  ['M-SEARCH * HTTP/1.1', 'no'],
  ['G', 'more'],
  ['', 'more'],
  ['GET', 'more'],
  ['PRI * HTTP/2.0', 'no'],
  ['EHLO example.net', 'no'],
  ['SSH-2.0-OpenSSH_9.2', 'no'],
  ['get / HTTP/1.1', 'no'],
  ['\u0016\u0003\u0001', 'no'],
] as const)('%j is an HTTP request: %s', (head, verdict) => {
  expect(matchHttp.test(Buffer.from(head, 'latin1'))).toBe(verdict);
});

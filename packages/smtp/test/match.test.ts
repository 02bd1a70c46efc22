import { matchSmtp } from '@hawser/smtp';
import { expect, test } from 'vitest';

test.each([
  ['EHLO x\r\n', 'yes'],
  ['helo ', 'yes'],
  ['LhLo y', 'yes'],
  ['', 'more'],
  ['E', 'more'],
  ['ehl', 'more'],
  ['EHLO', 'more'],
  ['EHLOO', 'no'],
  ['GET /', 'no'],
  ['HEAD ', 'no'],
  ['\u0016\u0003\u0001', 'no'],
  ['SSH-2', 'no'],
])('%j is %s', (head, verdict) => {
  expect(matchSmtp.test(Buffer.from(head, 'latin1'))).toBe(verdict);
});

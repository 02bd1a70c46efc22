import { SmtpError } from '@hawser/smtp';
import { expect, test } from 'vitest';

test('carries the reply and a stable code', () => {
  const error = new SmtpError(452, 'Full', { enhanced: '4.3.1' });
  expect(error).toMatchObject({
    code: 'HAWSER_SMTP_REFUSED',
    responseCode: 452,
    enhanced: '4.3.1',
    message: '4.3.1 Full',
  });
});

test.each([
  [250, undefined],
  [600, undefined],
  [550.5, undefined],
  [550, '4.7.1'],
  [550, '5.7'],
])('refuses %s with %s', (code, enhanced) => {
  expect(() => new SmtpError(code, 'No', { enhanced })).toThrow(RangeError);
});

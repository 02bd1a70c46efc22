import { describe, expect, test } from 'vitest';
import {
  type Redirectable,
  redirected,
  sensitiveFields,
  tellsWhoAsks,
} from '../../src/client/redirect.ts';

const from: Redirectable = {
  method: 'POST',
  url: new URL('https://a.example/'),
  fields: [],
  hasBody: false,
  replayable: true,
  hasCredentials: false,
  sensitiveFields: new Set(),
};

describe('a redirect from https to http', () => {
  test('is followed if there is nothing to lose', () => {
    const next = redirected(from, 302, 'http://a.example/');
    expect(next).toMatchObject({ sameOrigin: false, method: 'GET' });
  });

  test('is refused with credentials or a body', () => {
    const secret = { ...from, hasCredentials: true };
    expect(() => redirected(secret, 302, 'http://a.example/')).toThrow('without encryption');
    const body = { ...from, hasBody: true };
    expect(() => redirected(body, 307, 'http://a.example/')).toThrow('without encryption');
    expect(() => redirected(body, 302, 'http://a.example/')).not.toThrow();
  });
});

test.each([
  ['authorization', true],
  ['cookie', true],
  ['proxy-authorization', true],
  ['x-api-key', true],
  ['accept', false],
])('the field %s tells who is asking: %s', (name, tells) => {
  expect(tellsWhoAsks([name, 'value'], sensitiveFields(['X-Api-Key']))).toBe(tells);
});

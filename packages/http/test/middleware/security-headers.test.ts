import { expect, test } from 'vitest';
import {
  type SecurityHeadersOptions,
  securityHeaders,
} from '../../src/middleware/security-headers.ts';
import { router } from '../../src/routing/router.ts';
import { HttpResponse } from '../../src/web/http-response.ts';
import { ask } from '../routing/ask.ts';

async function headersOf(options?: SecurityHeadersOptions, url = '/') {
  const app = router()
    .use(securityHeaders(options))
    .get('/', () => new HttpResponse('', { headers: { 'x-frame-options': 'DENY' } }));
  const response = await ask(app, url);
  return Object.fromEntries(response.headers);
}

test('are there, and what the handler says goes first', async () => {
  expect(await headersOf()).toMatchInlineSnapshot(`
    {
      "content-security-policy": "default-src 'self'; base-uri 'self'; font-src 'self' https: data:; form-action 'self'; frame-ancestors 'self'; img-src 'self' data:; object-src 'none'; script-src 'self'; script-src-attr 'none'; style-src 'self' https: 'unsafe-inline'",
      "content-type": "text/plain;charset=UTF-8",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-resource-policy": "same-origin",
      "origin-agent-cluster": "?1",
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "x-xss-protection": "0",
    }
  `);
});

test('HTTPS is asked for only over HTTPS', async () => {
  expect(await headersOf({}, 'https://example.net/')).toMatchObject({
    'strict-transport-security': 'max-age=31536000; includeSubDomains',
  });
  expect(
    await headersOf({ strictTransportSecurity: false }, 'https://example.net/'),
  ).not.toHaveProperty('strict-transport-security');
});

test('pages over HTTPS load over HTTPS, unless the policy says otherwise', async () => {
  const policyOf = async (contentSecurityPolicy: SecurityHeadersOptions['contentSecurityPolicy']) =>
    (await headersOf({ contentSecurityPolicy }, 'https://a/'))['content-security-policy'];
  const upgrade = 'upgrade-insecure-requests';
  expect(await policyOf(undefined)).toMatch(/; upgrade-insecure-requests$/);
  expect(await policyOf({ 'img-src': false })).toContain(upgrade);
  expect(await policyOf({ [upgrade]: false })).not.toContain(upgrade);
  expect((await policyOf({ [upgrade]: [] }))?.split(upgrade)).toHaveLength(2);
  expect(await policyOf("default-src 'self'")).toBe("default-src 'self'");
  expect(await policyOf(false)).toBeUndefined();
});

test('each can be another or none', async () => {
  const headers = await headersOf({
    contentSecurityPolicy: { 'script-src': ["'self'", 'https://cdn.example'], 'img-src': false },
    referrerPolicy: 'same-origin',
    originAgentCluster: false,
    permissionsPolicy: 'camera=()',
  });
  expect(headers['content-security-policy']).toContain("script-src 'self' https://cdn.example;");
  expect(headers['content-security-policy']).not.toContain('img-src');
  expect(headers).toMatchObject({
    'referrer-policy': 'same-origin',
    'permissions-policy': 'camera=()',
  });
  expect(headers).not.toHaveProperty('origin-agent-cluster');
  expect(await headersOf({ contentSecurityPolicy: false })).not.toHaveProperty(
    'content-security-policy',
  );
});

test.each([
  { contentSecurityPolicy: { 'script-src': ["'self'; report-uri /x"] } },
  { contentSecurityPolicy: { 'img-src': ['a,b'] } },
  { referrerPolicy: 'a\r\nb' },
  { xFrameOptions: '' },
])('%j is refused', (options) => {
  expect(() => securityHeaders(options)).toThrow(RangeError);
});

test('what is no response is a mistake that says so', () => {
  const app = router()
    .use(securityHeaders())
    .get('/', () => undefined as never);
  expect(() => ask(app, '/')).toThrow('gave undefined and no Response');
});

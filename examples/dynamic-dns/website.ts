import { randomBytes } from 'node:crypto';
import {
  AbuseGuard,
  acmeDns,
  checkIp,
  type DynamicZone,
  dyndns2,
  recordApi,
  type ZoneStore,
} from '@hawser/dns';
import { doh } from '@hawser/dns/http';
import { type HttpHandler, HttpResponse, router } from '@hawser/http';
import { metricsText, StatusCounts } from './metrics.ts';
import type { NameServer } from './name-server.ts';
import { stateOf } from './page-rows.ts';
import { statusPage } from './status-page.ts';

/** Of one address: guessing is hopeless, and somebody who mistyped is not locked out. */
const WRONG_PASSWORDS = { burst: 20, perMinute: 2 } as const;
/** Whoever is near may ask for a name for the texts of a certificate. */
const NEAR = ['127.0.0.0/8', '::1', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'];

/** What the website is about. */
export interface WebsiteParts {
  readonly store: ZoneStore;
  readonly names: NameServer;
  readonly user: string;
  /** Each a token, or its hash. */
  readonly tokens: { readonly update: string; readonly api: string };
}

/** Everything over HTTP: updates by routers and programs, DNS itself, the page and the counts. */
export function website(
  zone: DynamicZone,
  { store, names, user, tokens }: WebsiteParts,
): HttpHandler {
  const statuses = new StatusCounts();
  const update = dyndns2(zone, {
    accounts: [{ user, token: tokens.update, hosts: ['*'], types: ['A', 'AAAA', 'TXT'] }],
    abuse: new AbuseGuard({ bucket: store.bucket('abuse'), failureRate: WRONG_PASSWORDS }),
  });
  const texts = acmeDns(zone, {
    bucket: store.bucket('acme-dns'),
    domain: `acme.${zone.origin}`,
    registration: NEAR,
  });
  return router()
    .use(statuses.middleware)
    .all('/nic/update', update)
    .get('/ip', checkIp())
    .mount('/api', recordApi(zone, { tokens: [{ name: 'api', token: tokens.api }] }))
    .mount('/acme', texts)
    .all('/dns-query', doh(names.service.responder))
    .get('/metrics', () => showMetrics(metricsText(zone, names, statuses)))
    .get('/zone', () => HttpResponse.json(stateOf(zone)))
    .get('/', () => showPage(zone));
}

function showMetrics(text: string): HttpResponse {
  return HttpResponse.text(text, { headers: { 'content-type': 'text/plain; version=0.0.4' } });
}

/** Whatever the zone may hold, the browser runs no script but that of the page. */
function showPage(zone: DynamicZone): HttpResponse {
  const nonce = randomBytes(16).toString('base64url');
  const sources = `'self' 'nonce-${nonce}'`;
  return HttpResponse.html(statusPage(stateOf(zone), nonce), {
    headers: {
      'content-security-policy': `default-src ${sources}; base-uri 'none'; frame-ancestors 'none'`,
      'cache-control': 'no-store',
    },
  });
}

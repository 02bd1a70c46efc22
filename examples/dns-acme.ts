/**
 * Certificates by DNS for machines that nobody can reach from outside. An ACME client puts its texts here in one of two ways:
 * by the interface of acme-dns, which gives each certificate a name of its own, or by DNS UPDATE with a key that is named
 * after the host and good for nothing but the text of that host.
 *
 *     export KEY=$(openssl rand -base64 32)
 *     npm run example examples/dns-acme.ts
 *     curl -X POST http://127.0.0.1:8054/register
 *     printf 'server 127.0.0.1 5354\nadd _acme-challenge.www.example.net 60 TXT hello\nsend\n' |
 *       nsupdate -y hmac-sha256:www.example.net:$KEY
 *     dig @127.0.0.1 -p 5354 _acme-challenge.www.example.net TXT +short
 */
import { resourceService, run, serve } from '@hawser/core';
import { acmeDns, dnsService, dynamicZone, parseTsigKey, sqlite, updates } from '@hawser/dns';
import { http, router } from '@hawser/http';

const [listen = '127.0.0.1:5354', web = 'tcp://127.0.0.1:8054'] = process.argv.slice(2);
const key = parseTsigKey(`hmac-sha256:www.example.net:${process.env['KEY'] ?? ''}`);
const store = sqlite('acme.db');
const zone = await dynamicZone('example.net', { store });

const texts = updates(zone, {
  policy: [{ key: '*', names: '_acme-challenge.self', types: ['TXT'], maxRecords: 4 }],
});
const app = router().mount(
  '/',
  // Who is elsewhere may update, but not register.
  acmeDns(zone, {
    bucket: store.bucket('acme-dns'),
    domain: 'acme.example.net',
    registration: ['127.0.0.0/8', '10.0.0.0/8'],
  }),
);

await run(
  resourceService('store', () => store.close()),
  dnsService(listen, [texts, zone], { keys: [key] }),
  serve(web, http(app)),
);

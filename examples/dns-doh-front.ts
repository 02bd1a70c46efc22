/**
 * A front for a resolver that has no encryption itself: DNS over TLS and over HTTPS for browsers and phones, with a cache
 * and names of this house. Its certificate is made when it starts; in earnest it comes from yours.
 *
 *     npm run example examples/dns-doh-front.ts 127.0.0.1:5354 8853 tcp://127.0.0.1:8443 192.0.2.53
 *     kdig @127.0.0.1 -p 8853 +tls example.org
 *     kdig @127.0.0.1 -p 8443 +https example.org
 */
import { writeFileSync } from 'node:fs';
import { run, serve, stack, tls } from '@hawser/core';
import { createTestAuthority } from '@hawser/core/testing';
import { cache, dnsService, forward, hosts } from '@hawser/dns';
import { doh } from '@hawser/dns/http';
import { http, router } from '@hawser/http';

const [listen = '127.0.0.1:5354', dotPort = '8853', web = 'tcp://127.0.0.1:8443', ...upstream] =
  process.argv.slice(2);
const authority = createTestAuthority();
writeFileSync('ca.pem', authority.ca);
const certificate = authority.server(['localhost', '127.0.0.1']);

const dns = dnsService(
  listen,
  [
    hosts({ 'printer.lan': '192.168.1.20', 'router.lan': ['192.168.1.1', 'fd00::1'] }),
    cache({ serveStale: true, prefetch: true }),
    forward({ servers: upstream.length > 0 ? upstream : ['127.0.0.1'] }),
  ],
  { tls: { ...certificate, port: Number(dotPort) } },
);
const app = router().all('/dns-query', doh(dns.responder));

await run(dns, serve(web, stack(tls({ ...certificate, alpn: ['h2', 'http/1.1'] }))(http(app))));

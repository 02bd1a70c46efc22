/**
 * A copy of a zone whose original is elsewhere, at any server that can be copied from: BIND, Knot, NSD, PowerDNS, or
 * examples/dns-sqlite.ts. It is kept as new as the original, survives restarts, and can be copied on.
 *
 *     npm run example examples/dns-secondary.ts 127.0.0.1:5355 127.0.0.1:5354
 *     dig @127.0.0.1 -p 5355 example.net SOA
 */
import { resourceService, run } from '@hawser/core';
import { dnsService, parseTsigKey, secondaryZone, sqlite, transfers } from '@hawser/dns';

const [listen = '127.0.0.1:5355', primary = '127.0.0.1:5354'] = process.argv.slice(2);
const key = parseTsigKey(`hmac-sha256:admin:${process.env['KEY'] ?? ''}`);
const store = sqlite('copies.db');
const zone = secondaryZone('example.net', { primaries: [{ server: primary, key }], store });

await run(
  resourceService('store', () => store.close()),
  dnsService(listen, [transfers(zone, { allow: [{ key }] }), zone], { keys: [key] }),
);

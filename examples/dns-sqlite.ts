/**
 * A zone that is kept in a SQLite file. Who has the key may change it (RFC 2136) and copy it; a change that was answered
 * is on the disk, and is served.
 *
 *     export KEY=$(openssl rand -base64 32)
 *     npm run example examples/dns-sqlite.ts
 *     printf 'server 127.0.0.1 5354\nadd home.example.net 60 A 192.0.2.7\nsend\n' | nsupdate -y hmac-sha256:admin:$KEY
 *     dig @127.0.0.1 -p 5354 home.example.net +short
 *     dig @127.0.0.1 -p 5354 example.net AXFR -y hmac-sha256:admin:$KEY
 */
import { resourceService, run } from '@hawser/core';
import {
  dnsService,
  dynamicZone,
  notifier,
  parseTsigKey,
  sqlite,
  transfers,
  updates,
} from '@hawser/dns';

const [listen = '127.0.0.1:5354', file = 'example.net.db', ...secondaries] = process.argv.slice(2);
const key = parseTsigKey(`hmac-sha256:admin:${process.env['KEY'] ?? ''}`);
const store = sqlite(file);
const zone = await dynamicZone('example.net', { store });

const handlers = [
  updates(zone, { policy: [{ key: 'admin', names: '*' }] }),
  transfers(zone, { allow: [{ key }] }),
  notifier(zone, { also: secondaries }),
  zone,
];

await run(
  resourceService('store', () => store.close()),
  dnsService(listen, handlers, { keys: [key] }),
);

/**
 * A zone that is kept in PostgreSQL, where other programs and people change it by SQL: what they commit is served a moment
 * later, with a serial of its own, and secondaries are told. The tables are made at the first start.
 *
 *     createdb dns
 *     npm run example examples/dns-postgres.ts 127.0.0.1:5354 postgres:///dns
 *     psql dns -c "INSERT INTO hawser_dns.rrset (zone, name, type, ttl, data)
 *       SELECT id, 'home.example.net', 'A', 60, '{192.0.2.7}' FROM hawser_dns.zone WHERE name = 'example.net'"
 *     dig @127.0.0.1 -p 5354 home.example.net +short
 */
import { resourceService, run } from '@hawser/core';
import { dnsService, dynamicZone, notifier } from '@hawser/dns';
import { postgres } from '@hawser/dns/postgres';

const [listen = '127.0.0.1:5354', url = 'postgres:///dns', ...secondaries] = process.argv.slice(2);
const store = postgres(url);
const zone = await dynamicZone('example.net', { store });

zone.on('changed', ({ serial, changes }) => {
  const names = changes.map(({ name, type }) => `${name} ${type}`).join(', ');
  process.stdout.write(`Serial ${serial}: ${names}\n`);
});

await run(
  resourceService('store', () => store.close()),
  dnsService(listen, [notifier(zone, { also: secondaries }), zone]),
);

/**
 * A zone that is kept signed: its key is made at the first start and kept in the database, each change is signed as part of
 * itself, and signatures are renewed in time. What the registrar has to know is printed.
 *
 *     npm run example examples/dns-signed.ts
 *     dig @127.0.0.1 -p 5354 www.example.net +dnssec
 */
import { resourceService, run } from '@hawser/core';
import { dnsService, dynamicZone, sqlite, zoneSigning } from '@hawser/dns';

const [listen = '127.0.0.1:5354', file = 'signed.db'] = process.argv.slice(2);
const store = sqlite(file);
const signing = zoneSigning();
const records = { www: { A: '192.0.2.80' } };
const zone = await dynamicZone('example.net', { store, signing, records });

for (const ds of signing.ds) process.stdout.write(`example.net. IN DS ${ds}\n`);

await run(
  resourceService('store', () => store.close()),
  dnsService(listen, zone),
);

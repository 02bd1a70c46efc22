// A DNS server whose names come from a function: here a table that could as well be a database or another service.
// Run: npm run example examples/ten-minute-dns.ts
// Try: dig @127.0.0.1 -p 5354 printer.example.net
import { run } from '@hawser/core';
import { dnsService, dynamic } from '@hawser/dns';

const addresses = new Map([
  ['printer', '192.0.2.20'],
  ['camera', '192.0.2.21'],
]);

const [listen = '127.0.0.1:5354'] = process.argv.slice(2);

await run(
  dnsService(
    listen,
    dynamic('example.net', {
      ns: ['ns1.example.net'],
      async resolve({ label }) {
        const address = addresses.get(label);
        return address === undefined ? undefined : { A: address, ttl: 30 };
      },
    }),
  ),
);

/**
 * Who asks from within hears of names that nobody else hears of, and gets inner addresses for the others.
 *
 *     npm run example examples/dns-split-horizon.ts
 *     dig @127.0.0.1 -p 5354 intranet.example.net +short
 *     dig @127.0.0.1 -p 5354 intranet.example.net -b 127.0.0.2
 */
import { run } from '@hawser/core';
import { dnsService, fixedZone, split } from '@hawser/dns';

const [listen = '127.0.0.1:5354'] = process.argv.slice(2);
const ns = ['ns1.example.net'];

const within = fixedZone('example.net', {
  ns,
  records: { ns1: { A: '10.0.0.53' }, www: { A: '10.0.0.80' }, intranet: { A: '10.0.0.81' } },
});
const outside = fixedZone('example.net', {
  ns,
  records: { ns1: { A: '192.0.2.53' }, www: { A: '192.0.2.80' } },
});

const clients = ['10.0.0.0/8', 'fd00::/8', '127.0.0.1'];
await run(dnsService(listen, [split([{ clients, serve: within }]), outside]));

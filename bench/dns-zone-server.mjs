// The Hawser side of `dns-zone.ts`: loads a zone file and serves it. Plain JavaScript, as users start what they
// have built: to make it of TypeScript first takes Node a second.
import { createNodeReactor } from '@hawser/core';
import { dnsService, zoneFile } from '@hawser/dns';

const [zone = '', path = '', port = '0'] = process.argv.slice(2);
const service = dnsService(`127.0.0.1:${port}`, await zoneFile(zone, path));
await service.start(createNodeReactor());

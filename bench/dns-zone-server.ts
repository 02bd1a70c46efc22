// The Hawser side of `dns-zone.ts`: loads a zone file, says that it did, and serves it.
import { createNodeReactor } from '@hawser/core';
import { dnsService, zoneFile } from '@hawser/dns';
import { ZONE } from './dns-names.ts';

const [path = '', port = '0'] = process.argv.slice(2);
const service = dnsService(`127.0.0.1:${port}`, await zoneFile(ZONE, path));
await service.start(createNodeReactor());

// The server of `dns-updates.ts`: a zone in SQLite, durable, or in memory, that anybody on this machine may update.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNodeReactor } from '@hawser/core';
import { dnsService, dynamicZone, memory, sqlite, updates } from '@hawser/dns';
import { ZONE } from './dns-names.ts';
import { beMeasured } from './measured-server.ts';

const [mode] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'hawser-bench-dns-updates-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
process.on('SIGTERM', () => process.exit());

const store = mode === 'memory' ? memory() : sqlite(join(folder, 'zones.db'));
const zone = await dynamicZone(ZONE, { store });
const policy = [{ unsigned: true, names: [`*.${ZONE}`], types: ['A'] }];
const changes = updates([zone], { policy, allowUnsigned: ['127.0.0.1'] });
const service = dnsService('127.0.0.1:0', [changes, zone], { maxInFlight: 1000 });
await service.start(createNodeReactor());
beMeasured(service.address?.port ?? 0);

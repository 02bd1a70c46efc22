import { isIP } from 'node:net';
import { type Service, UsageError } from '@hawser/core';
import { type DynamicZone, dynamicZone, type ZoneSigning, type ZoneStore } from '@hawser/dns';
import type { Group } from '@hawser/websocket';
import { stateOf } from './page-rows.ts';
import type { Settings } from './settings.ts';

/** The kept zone, or a new one in which the server and its mail can be found. With `signing` it is signed. */
export async function openZone(
  { zone: origin, host }: Pick<Settings, 'zone' | 'host'>,
  { store, signing }: { readonly store: ZoneStore; readonly signing: ZoneSigning | undefined },
): Promise<DynamicZone> {
  const family = isIP(host);
  const addresses = family === 4 ? { A: host } : { AAAA: host };
  const records = family === 0 ? {} : { ns1: addresses, '@': { MX: `10 ns1.${origin}` } };
  const zone = await dynamicZone(origin, { store, signing, records });
  if (signing === undefined && zone.get('@', 'DNSKEY') !== undefined)
    throw new UsageError(
      'HAWSER_BAD_SETTING',
      `Cannot serve ${origin} without --sign on as it is signed: nobody would believe its changes`,
    );
  return zone;
}

/** Tells the watchers of changes while it runs, and closes the store at the very end: it is started first. */
export function keeper(
  zone: DynamicZone,
  { watchers, close }: { readonly watchers: Group; readonly close: () => Promise<void> },
): Service {
  let watching: Disposable | undefined;
  return {
    name: 'zone',
    async start() {
      watching = zone.on('changed', () => watchers.broadcast(stateOf(zone)));
    },
    async stop() {
      watching?.[Symbol.dispose]();
      await close();
    },
  };
}

import { isIP } from 'node:net';
import type { Service } from '@hawser/core';
import { type DynamicZone, dynamicZone, type ZoneStore } from '@hawser/dns';
import type { Group } from '@hawser/websocket';
import { stateOf } from './page-rows.ts';
import type { Settings } from './settings.ts';

/** The kept zone, or a new one in which the server and its mail can be found. */
export async function openZone(
  { zone: origin, host }: Pick<Settings, 'zone' | 'host'>,
  store: ZoneStore,
): Promise<DynamicZone> {
  const zone = await dynamicZone(origin, { store });
  const family = isIP(host);
  const isNew = zone.serial === 1;
  if (isNew && family !== 0) {
    await zone.change([
      { name: 'ns1', type: family === 4 ? 'A' : 'AAAA', values: host },
      { name: '@', type: 'MX', values: `10 ns1.${origin}` },
    ]);
  }
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

// Faults that a test plants, to see that they are found.
import type { SimHost } from '@hawser/core';
import {
  DnsClient,
  type DnsHandlerObject,
  type DynamicZone,
  type SecondaryOptions,
  type TransferableZone,
  type ZoneTransfer,
} from '@hawser/dns';
import type { HostileDisk } from './hostile-disk.ts';

/** What is done wrong. */
export interface Planted {
  /** The disk of the primary says that it has written before it has. */
  readonly hastyDisk?: boolean | undefined;
  /** What the primary transfers in place of its zone. */
  readonly asTransferred?: ((zone: DynamicZone) => TransferableZone) | undefined;
  /** What the primary tells of in place of its zone. */
  readonly asAnnounced?: ((zone: DynamicZone, disk: HostileDisk) => TransferableZone) | undefined;
  /** What the primary tells with in place of its notifier. */
  readonly asNotifier?: ((notifier: DnsHandlerObject) => DnsHandlerObject) | undefined;
  /** How the copies are made. */
  readonly copies?: ((host: SimHost) => Partial<SecondaryOptions>) | undefined;
}

/** Tells of no record that was deleted. */
export function forgetful(zone: DynamicZone): TransferableZone {
  return Object.create(zone, {
    snapshot: { get: () => zone.snapshot },
    journal: {
      value: async (serial: number) => {
        const changes = await zone.journal(serial);
        return changes?.map(({ origin, from, to, changes: all }) => {
          return { origin, from, to, changes: all.filter(({ after }) => after !== undefined) };
        });
      },
    },
    onChange: { value: zone.onChange.bind(zone) },
  }) as TransferableZone;
}

/** Says nothing of a change that was stored although its disk said that it was not. */
export function discreet(zone: DynamicZone, disk: HostileDisk): TransferableZone {
  let lost = disk.counters.unknown;
  return Object.create(zone, {
    snapshot: { get: () => zone.snapshot },
    onChange: {
      value: (listener: Parameters<DynamicZone['onChange']>[0]) =>
        zone.onChange((changeSet) => {
          const isKnown = disk.counters.unknown === lost;
          lost = disk.counters.unknown;
          if (isKnown) listener(changeSet);
        }),
    },
  }) as TransferableZone;
}

/** Is not told that it is over. */
export function restless(notifier: DnsHandlerObject): DnsHandlerObject {
  return {
    handle: (query, next) => notifier.handle(query, next),
    started: (reactor) => notifier.started?.(reactor),
  };
}

/** Closes what a planted copy does not know to be its own. */
export function closing(client: DnsClient): DnsHandlerObject {
  return { handle: (query, next) => next(query), stopped: () => client.close() };
}

/** Takes for a whole zone what came of it before the connection was lost. */
export class BelievingClient extends DnsClient {
  override transfer(...wish: Parameters<DnsClient['transfer']>): ZoneTransfer {
    const transfer = super.transfer(...wish);
    return Object.create(transfer, {
      style: { get: () => transfer.style },
      serial: { get: () => transfer.serial },
      message: { get: () => transfer.message },
      [Symbol.asyncIterator]: {
        value: async function* () {
          try {
            yield* transfer;
          } catch (error) {
            if (transfer.style !== 'zone') throw error;
          }
        },
      },
    }) as ZoneTransfer;
  }
}

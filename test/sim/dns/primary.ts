import type { Service, SimHost } from '@hawser/core';
import type { SeededRandom } from '@hawser/core/testing';
import {
  type DnsHandler,
  type DynamicZone,
  dnsService,
  dynamicZone,
  notifier,
  Responder,
  type TransferableZone,
  transfers,
  updates,
  zoneSigning,
} from '@hawser/dns';
import { filling } from './filling.ts';
import { Hosted } from './hosted.ts';
import type { HostileDisk } from './hostile-disk.ts';
import { key, signingKey, ZONE } from './key.ts';
import { skippingSteps } from './skipping-steps.ts';
import { type Traits, timersOf } from './traits.ts';
import { type DnsWatch, NEVER } from './watch.ts';

/** What a {@link Primary} is made of. */
export interface PrimaryOptions {
  readonly watch: DnsWatch;
  readonly disk: HostileDisk;
  readonly traits: Traits;
  readonly random: SeededRandom;
  /** Whom it tells of changes. */
  readonly copies: readonly string[];
  /** In front of everything. */
  readonly listener: DnsHandler;
  /** Planted: gives the zone that is transferred. */
  readonly asTransferred?: ((zone: DynamicZone) => TransferableZone) | undefined;
}

/** The server of the original. */
export class Primary extends Hosted {
  readonly disk: HostileDisk;
  readonly #options: PrimaryOptions;
  zone: DynamicZone | undefined;
  /** Leaves out steps of changes. */
  skips: boolean;

  constructor(host: SimHost, options: PrimaryOptions) {
    super(host, options.watch);
    this.disk = options.disk;
    this.skips = options.traits.skipsSteps;
    this.#options = options;
  }

  protected override forget(): void {
    this.zone = undefined;
  }

  protected override async start(): Promise<Service> {
    const { host, watch } = this;
    const { traits, random, copies, listener, asTransferred = (same) => same } = this.#options;
    const zone = await dynamicZone(ZONE, {
      store: this.disk.mount(host),
      reactor: host,
      soa: timersOf(traits),
      hooks: traits.large ? [filling] : [],
      ...(traits.signed ? { signing: zoneSigning({ keys: [signingKey] }) } : {}),
      ...(traits.shortJournal ? { journal: { maxChanges: 4 } } : {}),
    });
    watch.original(zone.snapshot);
    zone.onChange(() => watch.original(zone.snapshot));
    const given = skippingSteps(asTransferred(zone), {
      random,
      isActive: () => this.skips,
    });
    const policy = [
      { key: '*', names: '*' },
      { key: '*', names: `*.${NEVER}.${ZONE}`, action: 'deny' },
    ] as const;
    const responder = new Responder(
      [
        listener,
        updates(zone, { policy, leases: { minSeconds: 1 } }),
        transfers(given, { allow: [{ key: key.name }], condense: traits.condenses }),
        notifier(zone, { nameServers: false, also: copies, key, timeoutMs: 1_000 }),
        zone,
      ],
      { keys: [key] },
    );
    const service = dnsService(':53', responder);
    await service.start(host);
    this.zone = zone;
    return service;
  }
}

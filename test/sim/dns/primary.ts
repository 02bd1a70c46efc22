import type { Service, SimHost } from '@hawser/core';
import type { SeededRandom } from '@hawser/core/testing';
import {
  type DnsHandler,
  type DynamicZone,
  dnsService,
  dynamicZone,
  notifier,
  Responder,
  transfers,
  updates,
  zoneSigning,
} from '@hawser/dns';
import { filling } from './filling.ts';
import { Hosted } from './hosted.ts';
import type { HostileDisk } from './hostile-disk.ts';
import { key, signingKey, ZONE } from './key.ts';
import type { Planted } from './planted.ts';
import { skippingSteps } from './skipping-steps.ts';
import { type Traits, timersOf } from './traits.ts';
import { type DnsWatch, NEVER } from './watch.ts';
import { withoutExpire } from './without-expire.ts';

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
  readonly planted: Planted;
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
    const { traits, random, copies, listener, planted } = this.#options;
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
    const given = skippingSteps(planted.asTransferred?.(zone) ?? zone, {
      random,
      isActive: () => this.skips,
    });
    const policy = [
      { key: '*', names: '*' },
      { key: '*', names: `*.${NEVER}.${ZONE}`, action: 'deny' },
    ] as const;
    const announced = planted.asAnnounced?.(zone, this.disk) ?? zone;
    const telling = notifier(announced, {
      nameServers: false,
      also: copies,
      key,
      timeoutMs: 1_000,
    });
    const responder = new Responder(
      [
        listener,
        ...(traits.tellsExpire ? [] : [withoutExpire]),
        updates(zone, { policy, leases: { minSeconds: 1 } }),
        transfers(given, { allow: [{ key: key.name }], condense: traits.condenses }),
        planted.asNotifier?.(telling) ?? telling,
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

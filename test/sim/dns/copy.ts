import type { Service, SimHost } from '@hawser/core';
import {
  type DnsHandler,
  dnsService,
  notifier,
  Responder,
  type SecondaryZone,
  secondaryZone,
  transfers,
} from '@hawser/dns';
import { contentOf } from './content.ts';
import { Hosted } from './hosted.ts';
import type { HostileDisk } from './hostile-disk.ts';
import { key, ZONE } from './key.ts';
import { closing, type Planted } from './planted.ts';
import type { Traits } from './traits.ts';
import type { DnsWatch } from './watch.ts';

/** What a {@link Copy} is made of. */
export interface CopyOptions {
  readonly watch: DnsWatch;
  readonly disk: HostileDisk;
  readonly traits: Traits;
  /** Where it copies from. */
  readonly primaries: readonly string[];
  /** Whom it tells of changes. */
  readonly next: readonly string[];
  /** In front of everything. */
  readonly listener: DnsHandler;
  readonly planted: Planted;
}

/** The server of a copy. */
export class Copy extends Hosted {
  readonly disk: HostileDisk;
  readonly #options: CopyOptions;
  zone: SecondaryZone | undefined;

  constructor(host: SimHost, options: CopyOptions) {
    super(host, options.watch);
    this.disk = options.disk;
    this.#options = options;
  }

  /** Addresses of those it copies from. */
  get sources(): readonly string[] {
    return this.#options.primaries;
  }

  protected override forget(): void {
    this.zone = undefined;
  }

  protected override async start(): Promise<Service> {
    const { host, watch } = this;
    const { primaries, next, traits, listener, planted } = this.#options;
    const wrong = planted.copies?.(host);
    const zone = secondaryZone(ZONE, {
      primaries: primaries.map((server) => ({ server, key })),
      store: this.disk.mount(host),
      refreshSeconds: { min: 1 },
      retrySeconds: { min: 1 },
      expireSeconds: { min: 1 },
      transferTimeoutMs: 5_000,
      forwardUpdates: [{ key: key.name }],
      ...(traits.shortJournal ? { journal: { maxChanges: 4 } } : {}),
      ...wrong,
    });
    const look = (): void => {
      const { snapshot } = zone;
      if (snapshot === undefined) return;
      watch.serial(host.name, snapshot.serial);
      watch.content(host.name, snapshot.serial, contentOf(snapshot));
    };
    zone.onChange(look);
    const responder = new Responder(
      [
        listener,
        transfers(zone, { allow: [{ key: key.name }], condense: traits.condenses }),
        notifier(zone, { nameServers: false, also: next, key, timeoutMs: 1_000 }),
        ...(wrong?.client ? [closing(wrong.client)] : []),
        zone,
      ],
      { keys: [key] },
    );
    const service = dnsService(':53', responder);
    await service.start(host);
    look();
    this.zone = zone;
    return service;
  }
}

// Who takes part in the scenario of a zone and its copies.
import { type Service, type SimHost, toError } from '@hawser/core';
import type { SeededRandom } from '@hawser/core/testing';
import {
  DnsClient,
  DnsClientError,
  type DynamicZone,
  dnsService,
  dynamicZone,
  memory,
  notifier,
  Responder,
  type SecondaryZone,
  secondaryZone,
  type TransferableZone,
  Type,
  transfers,
  tsigKey,
  update,
  updates,
  type ZoneStore,
} from '@hawser/dns';
import { type CrashingStoreOptions, crashingStore } from './crashing-store.ts';
import type { DnsWatch } from './dns-watch.ts';

const ZONE = 'example.net';
const key = tsigKey('all.example.net', 'hmac-sha256', Buffer.alloc(32, 1));

/** Faults that a test plants, to see that they are found. */
export interface Planted {
  /** The disk of the primary says that it has written before it has. */
  readonly hastyDisk?: boolean | undefined;
  /** The primary forgets to tell what was deleted. */
  readonly forgetfulJournal?: boolean | undefined;
}

/** The server of the original. */
export class Primary {
  readonly host: SimHost;
  readonly #watch: DnsWatch;
  readonly #disk: ZoneStore = memory();
  readonly #options: { random: SeededRandom; planted: Planted; addresses: readonly string[] };
  zone: DynamicZone | undefined;
  #service: Service | undefined;

  constructor(
    host: SimHost,
    watch: DnsWatch,
    options: { random: SeededRandom; planted: Planted; addresses: readonly string[] },
  ) {
    this.host = host;
    this.#watch = watch;
    this.#options = options;
  }

  boot(): void {
    this.zone = undefined;
    this.#start().catch((error: unknown) => {
      this.#watch.broken.push(`primary cannot start: ${toError(error).message}`);
    });
  }

  async #start(): Promise<void> {
    const { host } = this;
    const { random, planted, addresses } = this.#options;
    const options: CrashingStoreOptions = { random, hasty: planted.hastyDisk };
    const zone = await dynamicZone(ZONE, {
      store: crashingStore(host, this.#disk, options),
      reactor: host,
      soa: { refresh: 8, retry: 2, expire: 20 },
    });
    this.#watch.original(zone.snapshot);
    zone.onChange(() => this.#watch.original(zone.snapshot));
    const given = planted.forgetfulJournal ? forgetful(zone) : zone;
    const responder = new Responder(
      [
        updates(zone, { policy: [{ key: '*', names: '*' }] }),
        transfers(given, { allow: [{ key: key.name }] }),
        notifier(zone, { nameServers: false, also: addresses, key, timeoutMs: 1_000 }),
        zone,
      ],
      { keys: [key] },
    );
    const service = dnsService(':53', responder);
    await service.start(host);
    this.zone = zone;
    this.#service = service;
  }

  async stop(): Promise<void> {
    await this.#service?.stop();
  }
}

/** Planted: tells of no record that was deleted. */
function forgetful(zone: DynamicZone): TransferableZone {
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
  }) as TransferableZone;
}

/** The server of a copy. */
export class Copy {
  readonly host: SimHost;
  readonly #watch: DnsWatch;
  readonly #disk: ZoneStore = memory();
  readonly #options: {
    random: SeededRandom;
    primaries: readonly string[];
    next: readonly string[];
  };
  zone: SecondaryZone | undefined;
  #service: Service | undefined;

  constructor(
    host: SimHost,
    watch: DnsWatch,
    options: { random: SeededRandom; primaries: readonly string[]; next: readonly string[] },
  ) {
    this.host = host;
    this.#watch = watch;
    this.#options = options;
  }

  boot(): void {
    this.zone = undefined;
    this.#start().catch((error: unknown) => {
      this.#watch.broken.push(`${this.host.name} cannot start: ${toError(error).message}`);
    });
  }

  async #start(): Promise<void> {
    const { host } = this;
    const { random, primaries, next } = this.#options;
    const zone = secondaryZone(ZONE, {
      primaries: primaries.map((server) => ({ server, key })),
      store: crashingStore(host, this.#disk, { random }),
      refreshSeconds: { min: 1 },
      retrySeconds: { min: 1 },
      expireSeconds: { min: 1 },
      transferTimeoutMs: 5_000,
    });
    const look = (): void => {
      if (zone.snapshot !== undefined) this.#watch.copy(host.name, zone.snapshot);
    };
    zone.onChange(look);
    const responder = new Responder(
      [
        transfers(zone, { allow: [{ key: key.name }] }),
        notifier(zone, { nameServers: false, also: next, key, timeoutMs: 1_000 }),
        zone,
      ],
      { keys: [key] },
    );
    const service = dnsService(':53', responder);
    await service.start(host);
    look();
    this.zone = zone;
    this.#service = service;
  }

  async stop(): Promise<void> {
    await this.#service?.stop();
  }
}

/** Adds names of its own, deletes some of them, and looks at the copies. What it did not hear of stays in doubt. */
export class Updater {
  readonly host: SimHost;
  readonly #watch: DnsWatch;
  readonly #options: { primary: Primary; copies: readonly Copy[]; random: SeededRandom };
  readonly #own: string[] = [];
  #made = 0;
  #finishing = false;
  #client: DnsClient | undefined;
  resting = false;

  constructor(
    host: SimHost,
    watch: DnsWatch,
    options: { primary: Primary; copies: readonly Copy[]; random: SeededRandom },
  ) {
    this.host = host;
    this.#watch = watch;
    this.#options = options;
  }

  boot(): void {
    this.#client = new DnsClient({ reactor: this.host });
    this.#run(this.#client).catch((error: unknown) => {
      this.#watch.broken.push(`${this.host.name} cannot ask: ${toError(error).message}`);
    });
  }

  finish(): void {
    this.#finishing = true;
  }

  async stop(): Promise<void> {
    await this.#client?.close();
  }

  async #run(client: DnsClient): Promise<void> {
    const { random } = this.#options;
    while (!this.#finishing) {
      // oxlint-disable-next-line no-await-in-loop -- one thing after another
      if (random.float() < 0.6) await this.#change(client);
      // oxlint-disable-next-line no-await-in-loop
      else await this.#look(client);
      // oxlint-disable-next-line no-await-in-loop
      await new Promise<void>((resume) => {
        this.host.clock.callLater(random.float() * 800, resume);
      });
    }
    this.resting = true;
  }

  async #change(client: DnsClient): Promise<void> {
    const { primary, random } = this.#options;
    const old = random.float() < 0.3 ? this.#own.shift() : undefined;
    const name = old ?? `${this.host.name}${++this.#made}.${ZONE}`;
    const server = primary.host.addresses[0] ?? '';
    const changing = update(ZONE, { client, server, key, timeoutMs: 3_000 });
    // From now on it is in doubt whether it is there.
    this.#watch.present.delete(name);
    this.#watch.doubtful += 1;
    try {
      if (old === undefined) await changing.add(name, 'TXT', name).send();
      else await changing.delete(name).send();
    } catch (error) {
      if (!(error instanceof DnsClientError)) throw error;
      return;
    }
    this.#watch.doubtful -= 1;
    this.#watch.done(name, old === undefined ? 'add' : 'delete', primary.zone?.snapshot);
    if (old === undefined) this.#own.push(name);
  }

  /** A serial that somebody was told does not go back either. */
  async #look(client: DnsClient): Promise<void> {
    const { primary, copies, random } = this.#options;
    const hosts = [primary, ...copies].map(({ host }) => host);
    const host = hosts[Math.floor(random.float() * hosts.length)] ?? this.host;
    const request = { name: ZONE, type: Type.SOA };
    try {
      const server = host.addresses[0] ?? '';
      const { answer } = await client.exchange(request, server, { timeoutMs: 500, attempts: 2 });
      const wire = answer[0]?.rdata?.wire;
      if (wire === undefined) return;
      const serial = wire.readUInt32BE(wire.length - 20);
      this.#watch.serial(`${host.name} as ${this.host.name} sees it`, serial);
    } catch (error) {
      if (!(error instanceof DnsClientError)) throw error;
    }
  }
}

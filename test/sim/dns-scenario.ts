// A zone on a primary that clients update (RFC 2136), and two copies of it, one of which may be made from the other. Every host
// crashes and comes back with what its disk has; the network between them is bad, and their clocks are set.
//
// Invariants: an update that was acknowledged is never lost, and can be seen at once; a serial never goes back and never stands
// for two contents; a copy has at every moment exactly what the primary had with that serial, however it got it. In the end
// everybody has the same, and the changes from every serial lead to it.
import { type Service, type SimHost, type Simulation, toError } from '@hawser/core';
import { SeededRandom } from '@hawser/core/testing';
import {
  type ChangeSet,
  DnsClient,
  DnsClientError,
  type DynamicZone,
  dnsService,
  dynamicZone,
  isSerialAfter,
  memory,
  Name,
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
  type Zone,
  type ZoneStore,
} from '@hawser/dns';
import { type CrashingStoreOptions, crashingStore } from './crashing-store.ts';
import { unleashDnsFaults } from './dns-faults.ts';

const ZONE = 'example.net';
const WEATHER_MS = 25_000;
const PATIENCE_MS = 200_000;
const key = tsigKey('all.example.net', 'hmac-sha256', Buffer.alloc(32, 1));

/** Faults that a test plants, to see that they are found. */
export interface Planted {
  /** The disk of the primary says that it has written before it has. */
  readonly hastyDisk?: boolean | undefined;
  /** The primary forgets to tell what was deleted. */
  readonly forgetfulJournal?: boolean | undefined;
}

/** What was done, for a test of the scenario itself. */
export interface DnsSummary {
  readonly acknowledged: number;
  readonly doubtful: number;
  readonly whole: number;
  readonly changes: number;
  readonly crashes: number;
}

/** Runs it, and throws at the first invariant that does not hold. */
export async function dnsScenario(sim: Simulation, planted: Planted = {}): Promise<DnsSummary> {
  const random = new SeededRandom(sim.seed * 31);
  const [primaryHost, ...copyHosts] = sim.hosts('primary', 'first', 'second');
  const clientHosts = sim.hosts('one', 'two');
  const watch = new Watch();
  const addresses = copyHosts.map((host) => host.addresses[0] ?? '');
  const primary = new Primary(primaryHost, watch, { random, planted, addresses });
  const origin = primaryHost.addresses[0] ?? '';
  const copies = copyHosts.map((host, index) => {
    const primaries = index === 0 ? [origin] : [origin, addresses[0] ?? ''];
    return new Copy(host, watch, { random, primaries, next: addresses.slice(index + 1) });
  });
  const clients = clientHosts.map((host) => new Updater(host, watch, { primary, copies, random }));
  const all = [primary, ...copies, ...clients];
  let crashes = 0;
  for (const each of all) each.boot();
  unleashDnsFaults(sim, {
    hosts: all.map(({ host }) => host),
    untilMs: WEATHER_MS,
    reboot: (host) => {
      crashes += 1;
      all.find((each) => each.host === host)?.boot();
    },
  });
  await sim.settled.elapse(WEATHER_MS);
  for (const client of clients) client.finish();
  const giveUpAt = sim.now() + PATIENCE_MS;
  const isOver = (): boolean =>
    clients.every(({ resting }) => resting) &&
    copies.every(({ zone }) => zone?.snapshot?.serial === primary.zone?.serial);
  while (!isOver()) {
    watch.check();
    if (sim.now() >= giveUpAt) {
      const serials = [primary, ...copies].map(({ zone }) => zone?.snapshot?.serial).join(', ');
      throw new Error(`The copies are not as the original after ${PATIENCE_MS} ms: ${serials}`);
    }
    // oxlint-disable-next-line no-await-in-loop -- time passes
    await sim.settled.elapse(1_000);
  }
  await sim.settled.until(() => watch.checkEnd(primary, copies));
  await sim.settled.until(() => Promise.all(all.map((each) => each.stop())));
  await sim.settled.run();
  watch.check();
  sim.assertNoLeaks();
  const sum = (of: (copy: Copy) => number): number =>
    copies.reduce((total, copy) => total + of(copy), 0);
  return {
    acknowledged: watch.acknowledged,
    doubtful: watch.doubtful,
    whole: sum(({ zone }) => zone?.counters.whole ?? 0),
    changes: sum(({ zone }) => zone?.counters.changes ?? 0),
    crashes,
  };
}

/** Sees everything, and remembers what must not happen. */
class Watch {
  readonly broken: string[] = [];
  readonly #history = new Map<number, Zone>();
  readonly #serials = new Map<string, number>();
  /** What is there for sure, and what is gone for sure. */
  readonly present = new Set<string>();
  readonly #gone = new Set<string>();
  acknowledged = 0;
  doubtful = 0;

  /** The original has this content. */
  original(zone: Zone): void {
    const before = this.#history.get(zone.serial);
    if (before !== undefined && printOf(before) !== printOf(zone))
      this.broken.push(`serial ${zone.serial} stood for two contents`);
    this.#history.set(zone.serial, zone);
    this.serial('primary', zone.serial);
    this.checkContent('primary', zone);
  }

  /** A copy has this content. */
  copy(who: string, zone: Zone): void {
    const original = this.#history.get(zone.serial);
    this.serial(who, zone.serial);
    if (original === undefined) this.broken.push(`${who} has serial ${zone.serial} of nobody`);
    else if (printOf(original) !== printOf(zone))
      this.broken.push(`${who} has something else with serial ${zone.serial}`);
  }

  serial(who: string, serial: number): void {
    const last = this.#serials.get(who);
    if (last !== undefined && isSerialAfter(last, serial))
      this.broken.push(`${who} went back from ${last} to ${serial}`);
    this.#serials.set(who, serial);
  }

  /** An update was acknowledged: `zone` is what the primary serves at that moment. */
  done(name: string, change: 'add' | 'delete', zone: Zone | undefined): void {
    this.acknowledged += 1;
    if (change === 'add') this.present.add(name);
    else this.#gone.add(name);
    if (zone !== undefined) this.checkContent('the primary, when it said so,', zone);
  }

  checkContent(who: string, zone: Zone): void {
    for (const name of this.present)
      if (!has(zone, name)) this.broken.push(`${who} lost "${name}"`);
    for (const name of this.#gone)
      if (has(zone, name)) this.broken.push(`${who} has deleted "${name}"`);
  }

  /** @throws Error if anything was broken */
  check(): void {
    if (this.broken.length > 0) throw new Error(this.broken.slice(0, 5).join('; '));
  }

  async checkEnd(primary: Primary, copies: readonly Copy[]): Promise<void> {
    const end = primary.zone?.snapshot;
    if (end === undefined) throw new Error('There is no primary in the end');
    for (const { host, zone } of [primary, ...copies]) {
      if (zone?.snapshot === undefined) continue;
      this.checkContent(host.name, zone.snapshot);
      if (printOf(zone.snapshot) !== printOf(end)) this.broken.push(`${host.name} differs`);
      // oxlint-disable-next-line no-await-in-loop
      for (const start of this.#history.values()) await this.#checkJournal(zone, start, end);
    }
    this.check();
  }

  /** Who has the changes since a serial has those that lead to what there is. */
  async #checkJournal(zone: TransferableZone, start: Zone, end: Zone): Promise<void> {
    const changes = await zone.journal(start.serial);
    if (changes === undefined) return;
    let made = start;
    for (const changeSet of changes) made = follow(made, changeSet);
    if (printOf(made) !== printOf(end))
      this.broken.push(`the changes since ${start.serial} lead to something else`);
  }
}

const prints = new WeakMap<Zone, string>();

/** The whole content as text. */
function printOf(zone: Zone): string {
  let print = prints.get(zone);
  if (print === undefined) {
    const lines: string[] = [];
    for (const { name, type, ttl, records } of zone.rrsets())
      for (const { wire } of records)
        lines.push(`${name.key} ${type} ${ttl} ${wire.toString('hex')}`);
    print = lines.sort().join('\n');
    prints.set(zone, print);
  }
  return print;
}

function follow(zone: Zone, { changes }: ChangeSet): Zone {
  const edits = changes.map(({ name, type, after }) => ({ name, type, rrset: after }));
  return zone.change(edits)?.zone ?? zone;
}

function has(zone: Zone, name: string): boolean {
  return zone.get(Name.parse(name), Type.TXT) !== undefined;
}

/** The server of the original. */
class Primary {
  readonly host: SimHost;
  readonly #watch: Watch;
  readonly #disk: ZoneStore = memory();
  readonly #options: { random: SeededRandom; planted: Planted; addresses: readonly string[] };
  zone: DynamicZone | undefined;
  #service: Service | undefined;

  constructor(
    host: SimHost,
    watch: Watch,
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
class Copy {
  readonly host: SimHost;
  readonly #watch: Watch;
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
    watch: Watch,
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
class Updater {
  readonly host: SimHost;
  readonly #watch: Watch;
  readonly #options: { primary: Primary; copies: readonly Copy[]; random: SeededRandom };
  readonly #own: string[] = [];
  #made = 0;
  #finishing = false;
  #client: DnsClient | undefined;
  resting = false;

  constructor(
    host: SimHost,
    watch: Watch,
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

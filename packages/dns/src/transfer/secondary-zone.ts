// A copy of a zone whose original is elsewhere (RFC 1034 §4.3.5, RFC 1996).
import { AddressSet, type Reactor, toError } from '@hawser/core';
import { DnsClientError } from '../client/client-error.ts';
import { type DnsClient, dnsClient } from '../client/dns-client.ts';
import { type Answer, answerWith, codeAnswer, type Outcome } from '../contract/answer.ts';
import type { Eventually } from '../contract/handler.ts';
import type { TransferableZone } from '../contract/live-zone.ts';
import type { DnsQuery } from '../contract/query.ts';
import { answerZone } from '../handlers/answer-zone.ts';
import { Name } from '../name.ts';
import { ExtendedErrorCode, Opcode, Rcode, Type } from '../numbers.ts';
import { memory } from '../store/memory-store.ts';
import type { ZoneStore } from '../store/zone-store.ts';
import type { ChangeSet, Zone } from '../zone/zone.ts';
import { clientRules } from './client-rule.ts';
import { CopyLimits } from './copy-limits.ts';
import { fetchZone } from './fetch-zone.ts';
import { type ForwardTo, UpdateForwarder } from './forward-update.ts';
import { RefreshTimes } from './refresh-times.ts';
import { type Found, Refresher } from './refresher.ts';
import {
  type CheckedPrimary,
  type SecondaryOptions,
  type SecondarySettings,
  secondarySettings,
} from './secondary-options.ts';
import { StoredCopy } from './stored-copy.ts';
import { type CopyState, ZoneCopy } from './zone-copy.ts';

/** What a {@link SecondaryZone} did since it was made. */
export interface SecondaryCounters {
  /** Looks at a primary, and how many of them failed. */
  looks: number;
  failures: number;
  /** Versions that came as a whole zone, and as changes. */
  whole: number;
  changes: number;
  /** Changes that could not be had or did not fit, so that the whole zone was asked for. */
  fellBack: number;
  /** Notices taken, and those of strangers. */
  notices: number;
  strangers: number;
  forwarded: number;
}

/**
 * A copy of the zone `origin`, kept as new as the primaries are. Until it has been copied once, and when no primary was
 * heard for longer than the zone is good for, queries are answered with SERVFAIL. It can be transferred on.
 * @throws UsageError `HAWSER_DNS_NAME`, `HAWSER_DNS_OPTIONS`. A server with it does not start if the store fails.
 *
 * @example
 * dnsService(':53', secondaryZone('example.net', { primaries: ['192.0.2.1'], store: sqlite('./copies.db') }));
 */
export function secondaryZone(origin: string, options: SecondaryOptions): SecondaryZone {
  return new SecondaryZone(Name.parse(origin), options);
}

/** What there is while a server with the zone runs. */
interface Running {
  readonly reactor: Reactor;
  readonly client: DnsClient;
  readonly refresher: Refresher;
  readonly stored: StoredCopy;
  readonly copy: ZoneCopy;
}

/** A copy of a zone. Made by {@link secondaryZone}. */
export class SecondaryZone implements TransferableZone {
  readonly origin: Name;
  readonly #options: SecondaryOptions;
  readonly #store: ZoneStore;
  readonly #settings: SecondarySettings;
  readonly #limits: CopyLimits;
  readonly #mayNotify: (query: DnsQuery) => boolean;
  readonly #mayUpdate: (query: DnsQuery) => boolean;
  readonly #addresses = new Map<CheckedPrimary, AddressSet>();
  readonly #listeners = new Set<(changeSet: ChangeSet) => void>();
  readonly #forwarder = new UpdateForwarder();
  readonly #counters: SecondaryCounters = {
    looks: 0,
    failures: 0,
    whole: 0,
    changes: 0,
    fellBack: 0,
    notices: 0,
    strangers: 0,
    forwarded: 0,
  };
  #users = 0;
  #running: Running | undefined;
  #lastError: Error | undefined;
  #refreshedAt: number | undefined;

  constructor(origin: Name, options: SecondaryOptions) {
    this.origin = origin;
    this.#settings = secondarySettings(options);
    this.#options = options;
    this.#store = options.store ?? memory();
    this.#limits = options.limits ?? new CopyLimits();
    this.#mayNotify = clientRules(options.notifyFrom ?? []);
    this.#mayUpdate = clientRules(options.forwardUpdates ?? []);
    for (const primary of this.#settings.primaries) {
      const { host, family } = primary.place;
      this.#addresses.set(primary, new AddressSet(family === undefined ? [] : [host]));
    }
  }

  get counters(): Readonly<SecondaryCounters> {
    return { ...this.#counters };
  }

  /** `empty` unless a server with it runs. */
  get state(): CopyState {
    return this.#running?.copy.state ?? 'empty';
  }

  /** Why the last look failed; undefined if it did not. */
  get lastError(): Error | undefined {
    return this.#lastError;
  }

  /** When a primary was heard last, in milliseconds since 1970; undefined if none was since this was made. */
  get refreshedAt(): number | undefined {
    return this.#refreshedAt;
  }

  get snapshot(): Zone | undefined {
    return this.state === 'good' ? this.#running?.copy.zone : undefined;
  }

  get expiresInSeconds(): number | undefined {
    return this.state === 'empty' ? undefined : this.#running?.copy.secondsLeft;
  }

  async journal(serial: number): Promise<readonly ChangeSet[] | undefined> {
    return this.#running?.stored.journal(serial);
  }

  onChange(listener: (changeSet: ChangeSet) => void): Disposable {
    // Twice the same function is two subscriptions.
    const entry = (changeSet: ChangeSet): void => listener(changeSet);
    this.#listeners.add(entry);
    return { [Symbol.dispose]: () => void this.#listeners.delete(entry) };
  }

  /** Looks for news now. Resolves when that was done, whatever came of it. */
  async refresh(): Promise<void> {
    await this.#running?.refresher.now();
  }

  handle(query: DnsQuery): Eventually<Outcome> {
    if (query.opcode === Opcode.Notify) return this.#notified(query);
    if (query.opcode === Opcode.Update) return this.#update(query);
    const zone = this.snapshot;
    if (zone !== undefined) return answerZone(zone, query);
    // Not there yet, or too old.
    const { NotReady, InvalidData } = ExtendedErrorCode;
    const code = this.state === 'empty' ? NotReady : InvalidData;
    return answerWith(Rcode.ServFail, { errors: [{ code }] });
  }

  /** An update that is signed with a key that the primary may know, and we do not. */
  forwardUnchanged(query: DnsQuery): Promise<Outcome | Buffer> | undefined {
    const to = query.key === this.origin.key ? this.#updatesTo(query) : undefined;
    return to && this.#forwarder.forwardUnchanged(query, to);
  }

  async started(reactor: Reactor): Promise<void> {
    this.#users += 1;
    if (this.#users > 1) return;
    const { journal } = this.#options;
    const { clock } = reactor;
    const stored = new StoredCopy(this.#store, { origin: this.origin, clock, journal });
    const times = new RefreshTimes(reactor, this.#settings);
    const client = this.#options.client ?? dnsClient({ reactor });
    const copy = new ZoneCopy(reactor, {
      origin: this.origin,
      stored,
      times,
      changed: (changeSet) => this.#tell(changeSet, reactor),
    });
    const refresher = new Refresher(reactor, {
      primaries: this.#settings.primaries,
      times,
      notifyIntervalMs: this.#settings.notifyIntervalMs,
      zone: () => copy.zone,
      secondsLeft: () => copy.secondsLeft,
      look: (primary, signal) => this.#look(primary, signal),
      failed: (error) => this.#failed(error),
    });
    this.#running = { reactor, client, refresher, stored, copy };
    try {
      await copy.load();
    } catch (error) {
      await this.stopped();
      throw error;
    }
    void refresher.now();
  }

  async stopped(): Promise<void> {
    this.#users -= 1;
    const running = this.#running;
    if (this.#users > 0 || running === undefined) return;
    await running.refresher.stop();
    this.#running = undefined;
    if (running.client !== this.#options.client) await running.client.close();
  }

  /** Looks at one primary, and has what is newer stored before it is served. */
  async #look(primary: CheckedPrimary, signal: AbortSignal): Promise<Found> {
    const running = this.#running;
    if (running === undefined) return 'older';
    const { client, copy } = running;
    this.#counters.looks += 1;
    await this.#learnAddresses(primary, running);
    const fetched = await fetchZone({
      client,
      primary,
      origin: this.origin,
      base: copy.zone,
      transfer: this.#settings.transfer,
      limits: this.#limits,
      signal,
      fellBack: () => {
        this.#counters.fellBack += 1;
      },
    });
    if (fetched.kind === 'older') return 'older';
    await copy.take(fetched);
    if (fetched.kind === 'newer')
      this.#counters[fetched.style === 'zone' ? 'whole' : 'changes'] += 1;
    this.#lastError = undefined;
    this.#refreshedAt = running.reactor.clock.epoch();
    return fetched.kind;
  }

  #failed(error: unknown): void {
    this.#counters.failures += 1;
    this.#lastError = toError(error);
    // A primary that cannot be reached is nobody's mistake here; a store that fails is ours.
    if (!(error instanceof DnsClientError))
      this.#running?.reactor.reports.problem(`dns.secondary ${this.origin}`, error);
  }

  #tell(changeSet: ChangeSet, { reports }: Reactor): void {
    for (const listener of this.#listeners) {
      try {
        listener(changeSet);
      } catch (error) {
        reports.problem('dns.onChange', error);
      }
    }
  }

  /** RFC 1996 §3.11: an answer says no more than that the notice has arrived. What it says about the zone is not believed. */
  #notified(query: DnsQuery): Answer {
    if (query.key !== this.origin.key) return codeAnswer(Rcode.NotAuth);
    if (query.type !== Type.SOA) return codeAnswer(Rcode.NotImp);
    const primary = this.#primaryOf(query);
    if (primary === undefined && !this.#mayNotify(query)) {
      this.#counters.strangers += 1;
      return codeAnswer(Rcode.Refused);
    }
    this.#counters.notices += 1;
    this.#running?.refresher.notified(primary);
    return answerWith(Rcode.NoError, { authoritative: true });
  }

  /** The primary a query comes from: by its signature, or by its address. */
  #primaryOf({ client, tsigKey }: DnsQuery): CheckedPrimary | undefined {
    const { primaries } = this.#settings;
    const byAddress = primaries.find((primary) => this.#addresses.get(primary)?.has(client));
    if (byAddress !== undefined || tsigKey === undefined) return byAddress;
    return primaries.find(({ key }) => key?.name.equals(tsigKey));
  }

  async #learnAddresses(primary: CheckedPrimary, { reactor }: Running): Promise<void> {
    const { host, family } = primary.place;
    if (family !== undefined) return;
    const found = await reactor.resolver.lookup(host);
    this.#addresses.set(primary, new AddressSet(found.map((each) => each.host)));
  }

  #update(query: DnsQuery): Eventually<Answer> {
    if (query.key !== this.origin.key) return codeAnswer(Rcode.NotAuth);
    // It goes on with our signature, and anybody can send a datagram with any sender.
    const proven = query.addressProven || query.tsigKey !== undefined;
    const to = proven ? this.#updatesTo(query) : undefined;
    return to === undefined ? codeAnswer(Rcode.Refused) : this.#forwarder.forward(query, to);
  }

  /** Where an update goes, if it may. */
  #updatesTo(query: DnsQuery): ForwardTo | undefined {
    const running = this.#running;
    const [primary] = this.#settings.primaries;
    if (running === undefined || primary === undefined || !this.#mayUpdate(query)) return undefined;
    this.#counters.forwarded += 1;
    const { client, reactor } = running;
    return { client, primary, reports: reactor.reports };
  }
}
